// Command generate writes down for plain Kubernetes what stack.yml says for OpenFaaS: each function's Deployment and all
// around it in overlays/plain, and the ways that functions may call in overlays/minikube. A test fails when it was not run
// after a change of stack.yml.
//
//	go run ./deploy/kubernetes/generate     # in the repository
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"snaptask/functions/stack"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run writes the files of the repository at root.
func run(root string) error {
	files, err := generate(filepath.Join(root, "stack.yml"))
	if err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(root, path), files[path], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate gives the files that follow from stack.yml, by path in the repository.
func generate(stackYAML string) (map[string][]byte, error) {
	file, err := stack.Read(stackYAML)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	var all []function
	for _, name := range slices.Sorted(maps.Keys(file.Functions)) {
		f, err := plan(file.Functions[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, f)
		if err := render(files, "overlays/plain/functions/"+name+".yaml", "function.yaml", f); err != nil {
			return nil, err
		}
	}
	for path, template := range map[string]string{
		"overlays/plain/functions/kustomization.yaml": "kustomization.yaml",
		"overlays/minikube/functions.yaml":            "policies.yaml",
	} {
		if err := render(files, path, template, ways(all)); err != nil {
			return nil, err
		}
	}
	return files, nil
}
