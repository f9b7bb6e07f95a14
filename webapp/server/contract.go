package server

import (
	"fmt"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"
)

const contractName = "openapi.yaml"

// functionNames returns the names in the paths /function/NAME of the build's openapi.yaml, except those with an operation that has
// x-internal: true, which is not for people. This server forwards only calls of these functions, and in particular never calls of the
// gateway's /system.
func functionNames(files fs.FS) ([]string, error) {
	text, err := fs.ReadFile(files, contractName)
	if err != nil {
		return nil, err
	}
	var contract struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &contract); err != nil {
		return nil, fmt.Errorf("%s: %w", contractName, err)
	}
	var names []string
	for path, item := range contract.Paths {
		if name, ok := strings.CutPrefix(path, "/function/"); ok && !isInternal(item) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no path /function/NAME", contractName)
	}
	return names, nil
}

// isInternal reports whether an operation of a path has x-internal: true.
func isInternal(path map[string]yaml.Node) bool {
	for _, node := range path {
		var operation struct {
			Internal bool `yaml:"x-internal"`
		}
		if node.Kind == yaml.MappingNode && node.Decode(&operation) == nil && operation.Internal {
			return true
		}
	}
	return false
}
