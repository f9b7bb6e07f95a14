package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// plain are the images that are no function's, by name, with their Dockerfiles. All have the repository as their context.
var plain = map[string]string{
	"bucket":       "deploy/kubernetes/bucket/Dockerfile",
	"migrate":      "db/Dockerfile",
	"housekeeping": "functions/housekeeping/Dockerfile",
	"modelserver":  "deploy/modelserver/Dockerfile",
	"webapp":       "webapp/Dockerfile",
}

// builder makes images of a repository.
type builder struct {
	repository, scratch string // folders; scratch keeps contexts and stages
	stack               stack
	args                map[string]string // that an engine sets itself, and the labels' values
}

func newBuilder(repository, scratch, system, architecture, version, revision string) (builder, error) {
	s, err := readStack(repository)
	return builder{repository, scratch, s, map[string]string{
		"TARGETOS": system, "TARGETARCH": architecture, "VERSION": version, "REVISION": revision,
	}}, err
}

// names are those of all images, in order.
func (b builder) names() []string {
	return slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(plain)), maps.Keys(b.stack.Functions))))
}

// build makes the image of this name.
func (b builder) build(ctx context.Context, name string) (*image, error) {
	if dockerfile, ok := plain[name]; ok {
		return b.make(ctx, filepath.Join(b.repository, dockerfile), b.repository, b.args)
	}
	function, ok := b.stack.Functions[name]
	if !ok {
		return nil, fmt.Errorf("there is no image %s", name)
	}
	files, err := os.MkdirTemp(b.scratch, "context-")
	if err != nil {
		return nil, err
	}
	if err := b.stack.layOut(b.repository, name, files); err != nil {
		return nil, err
	}
	args := maps.Clone(b.args)
	maps.Copy(args, function.BuildArgs)
	return b.make(ctx, filepath.Join(files, "Dockerfile"), files, args)
}
