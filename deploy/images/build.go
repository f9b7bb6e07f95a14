package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	registry "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const (
	certificates = "/etc/ssl/certs/ca-certificates.crt" // of the machine and of the image
	user         = "12000:12000"
	passwd       = "snaptask:x:12000:12000::/:\n"
	goflags      = "-trimpath -tags=grpcnotrace -ldflags=-s" // of the Dockerfiles too
)

// builder builds the images of a repository, which is an absolute path.
type builder struct{ repository, architecture, version, revision string }

// build returns the image as one layer. The same sources and version yield the same image, byte for byte.
func (b builder) build(ctx context.Context, i image) (registry.Image, error) {
	packed, err := b.layer(ctx, i)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil })
	if err != nil {
		return nil, err
	}
	config := registry.ConfigFile{OS: "linux", Architecture: b.architecture, Config: b.config(i), RootFS: registry.RootFS{Type: "layers"}}
	base, err := mutate.ConfigFile(empty.Image, &config)
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(base, layer)
}

func (b builder) config(i image) registry.Config {
	config := registry.Config{
		User: user, WorkingDir: "/",
		Env:        append(slices.Clone(i.Env), "VERSION="+b.version, "REVISION="+b.revision), // for the metric build_info
		Entrypoint: append([]string{"/program"}, i.Arguments...), Cmd: i.Cmd,
		Labels: map[string]string{
			"org.opencontainers.image.title":       i.Title,
			"org.opencontainers.image.description": i.Description,
			"org.opencontainers.image.licenses":    i.Licenses,
			"org.opencontainers.image.version":     b.version,
			"org.opencontainers.image.revision":    b.revision,
		},
		ExposedPorts: map[string]struct{}{},
	}
	for _, port := range i.Ports {
		config.ExposedPorts[port+"/tcp"] = struct{}{}
	}
	return config
}

// layer returns a tar of the image's files, which are owned by root and have no modification time.
func (b builder) layer(ctx context.Context, i image) ([]byte, error) {
	files := layer{}
	if err := b.programs(ctx, i, files); err != nil {
		return nil, err
	}
	if trusted, err := os.ReadFile(certificates); err == nil { // main warns where there are none
		files.add(certificates, 0o644, trusted)
	}
	files.add("/etc/passwd", 0o644, []byte(passwd))
	for source, target := range i.Files {
		source = filepath.Join(b.repository, source)
		err := filepath.WalkDir(source, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(file)
			below := strings.TrimPrefix(file, source)
			if below == "" && strings.HasSuffix(target, "/") {
				below = filepath.Base(file)
			}
			files.add(path.Join(target, filepath.ToSlash(below)), 0o644, data)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files.tar()
}

// programs adds the image's programs and the licence texts of everything that is linked into them.
func (b builder) programs(ctx context.Context, i image, files layer) error {
	scratch, err := os.MkdirTemp("", "snaptask-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	flags := goflags + " -buildvcs=false"
	if i.Handler != "" {
		overlay := filepath.Join(scratch, "overlay.json")
		if err := b.overlay(i, overlay); err != nil {
			return err
		}
		flags += " -overlay=" + overlay
	}
	licenses := []string{"run", filepath.Join(b.repository, "deploy/images/licenses/main.go")}
	for _, name := range slices.Sorted(maps.Keys(i.Programs)) {
		program := filepath.Join(scratch, name)
		if _, err := b.run(ctx, i, flags, "linux", b.architecture, "build", "-o", program, i.Programs[name]); err != nil {
			return err
		}
		data, err := os.ReadFile(program)
		if err != nil {
			return err
		}
		files.add("/"+name, 0o755, data)
		licenses = append(licenses, program)
	}
	texts, err := b.run(ctx, i, flags, "", "", licenses...) // on this machine
	files.add("/licenses/THIRD_PARTY", 0o644, texts)
	return err
}

// run runs go in the image's module, with the settings of the Dockerfiles, and returns its standard output.
func (b builder) run(ctx context.Context, i image, flags, system, architecture string, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = filepath.Join(b.repository, i.Module)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS="+system, "GOARCH="+architecture, "GOFLAGS="+flags)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", command, err, &problems)
	}
	return out, nil
}

// overlay writes the file for `go build -overlay` that places main.go of the template and the function's package where the
// Dockerfile of the template copies them.
func (b builder) overlay(i image, to string) error {
	module := filepath.Join(b.repository, i.Module)
	replace := map[string]string{
		filepath.Join(module, "program/main.go"): filepath.Join(b.repository, path.Dir(i.Dockerfile), "main.go"),
	}
	sources, err := filepath.Glob(filepath.Join(b.repository, i.Handler, "*.go"))
	if err != nil {
		return err
	}
	for _, source := range sources {
		replace[filepath.Join(module, "function", filepath.Base(source))] = source
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}

// layer maps paths to the content of an image; paths of folders end with a slash.
type layer map[string]file

type file struct {
	mode int64
	data []byte
}

// add adds a file and the folders above it.
func (l layer) add(name string, mode int64, data []byte) {
	name = strings.TrimPrefix(name, "/")
	l[name] = file{mode, data}
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		l[folder+"/"] = file{0o755, nil}
	}
}

func (l layer) tar() ([]byte, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, name := range slices.Sorted(maps.Keys(l)) {
		header := tar.Header{Name: name, Mode: l[name].mode, Size: int64(len(l[name].data)), Format: tar.FormatPAX}
		if err := w.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := w.Write(l[name].data); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return packed.Bytes(), err
}
