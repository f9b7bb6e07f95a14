package main

import (
	"cmp"
	_ "embed"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"snaptask/functions/stack"
)

// image describes the contents of an image. images.yaml explains its paths.
type image struct {
	Dockerfile            string
	Title                 string `yaml:"-"`
	Description, Licenses string // Licenses is an SPDX expression
	Module                string
	Programs              map[string]string
	Files                 map[string]string // path in the image, or its folder with a / at the end, by path in the repository
	Env, Ports            []string
	Arguments             []string // of the program, in every container
	Cmd                   []string // of the program, unless a container has others
	Handler               string   `yaml:"-"` // folder of a function
}

//go:embed images.yaml
var others []byte

// list returns all images by name: those of images.yaml and those of the functions in stack.yml.
func list(repository string) (map[string]image, error) {
	var images map[string]image
	if err := yaml.Unmarshal(others, &images); err != nil {
		return nil, err
	}
	file, err := stack.Read(filepath.Join(repository, "stack.yml"))
	if err != nil {
		return nil, err
	}
	for name, f := range file.Functions {
		images[name] = image{
			Dockerfile:  "template/" + f.Lang + "/Dockerfile",
			Description: "Function " + name + " of Snaptask, a to-do list that looks at photos",
			Module:      "functions",
			Programs:    map[string]string{"program": "./program"},
			Env:         []string{"FUNCTION_NAME=" + name},
			Ports:       []string{"8080", "8081"},
			Handler:     f.Handler,
		}
	}
	for name, i := range images {
		i.Title = "snaptask/" + name
		i.Licenses = cmp.Or(i.Licenses, "MIT")
		if i.Files == nil {
			i.Files = map[string]string{}
		}
		i.Files["LICENSE"] = "/licenses/"
		images[name] = i
	}
	return images, nil
}
