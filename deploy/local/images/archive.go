package main

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	registry "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// archive writes the image under its tag to a file, as `docker save` does. The same image gives the same bytes.
func (b builder) archive(i *image, tag, path string) error {
	named, err := name.NewTag(tag)
	if err != nil {
		return err
	}
	files, err := i.layer()
	if err != nil {
		return err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil })
	if err != nil {
		return err
	}
	packed, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return err
	}
	settings, err := packed.ConfigFile()
	if err != nil {
		return err
	}
	settings = settings.DeepCopy()
	settings.OS, settings.Architecture = b.args["TARGETOS"], b.args["TARGETARCH"]
	settings.Config = i.settings()
	if packed, err = mutate.ConfigFile(packed, settings); err != nil {
		return err
	}
	return tarball.WriteToFile(path, named, packed)
}

// settings are the image's in the words of the registries.
func (i *image) settings() registry.Config {
	c := registry.Config{
		User: i.user, WorkingDir: i.folder, Entrypoint: i.entrypoint, Cmd: i.command, Labels: i.labels,
		ExposedPorts: map[string]struct{}{},
	}
	for _, port := range i.ports {
		c.ExposedPorts[port+"/tcp"] = struct{}{}
	}
	for _, name := range slices.Sorted(maps.Keys(i.env)) {
		c.Env = append(c.Env, name+"="+i.env[name])
	}
	return c
}

// layer is a tar of all files of the image. They are root's, as COPY makes them, and of no date.
func (i *image) layer() ([]byte, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	err := filepath.WalkDir(i.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == i.root {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		below, err := filepath.Rel(i.root, path)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: filepath.ToSlash(below), Mode: int64(info.Mode().Perm()), Format: tar.FormatPAX}
		if entry.IsDir() {
			header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
			return w.WriteHeader(header)
		}
		header.Typeflag, header.Size = tar.TypeReg, info.Size()
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(w, file)
		return err
	})
	if err == nil {
		err = w.Close()
	}
	return packed.Bytes(), err
}
