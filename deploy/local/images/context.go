package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// function is what stack.yml says about building one.
type function struct {
	Lang      string
	Handler   string
	BuildArgs map[string]string `yaml:"build_args"`
}

// stack is what `faas-cli build` reads of stack.yml, with the names of its fields from github.com/openfaas/go-sdk/stack.
type stack struct {
	Functions     map[string]function
	Configuration struct{ Copy []string }
}

func readStack(repository string) (s stack, err error) {
	text, err := os.ReadFile(filepath.Join(repository, "stack.yml"))
	if err != nil {
		return s, err
	}
	return s, yaml.Unmarshal(text, &s)
}

// layOut fills a folder with the context that `faas-cli build --shrinkwrap` makes for the function, as CreateBuildContext of
// github.com/openfaas/go-sdk/builder does it: the template's files, the handler's folder as function/, save for what is
// named build or template in it, and each path to copy beneath function/.
func (s stack) layOut(repository, name, context string) error {
	handler := filepath.Join(context, "function")
	if err := copyTree(filepath.Join(repository, "template", s.Functions[name].Lang), context); err != nil {
		return err
	}
	from := filepath.Join(repository, s.Functions[name].Handler)
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == "build" || entry.Name() == "template" {
			continue
		}
		if err := copyTree(filepath.Join(from, entry.Name()), filepath.Join(handler, entry.Name())); err != nil {
			return err
		}
	}
	for _, path := range s.Configuration.Copy {
		if !filepath.IsLocal(path) {
			return fmt.Errorf("stack.yml: %s: faas-cli copies nothing from outside the project", path)
		}
		if err := copyTree(filepath.Join(repository, path), filepath.Join(handler, path)); err != nil {
			return err
		}
	}
	return nil
}

// copyTree copies a file, or a folder with all that is in it, to the path target.
func copyTree(source, target string) error {
	return filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(target, below), 0o755)
		}
		return copyFile(path, filepath.Join(target, below))
	})
}

func copyFile(source, target string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, data, info.Mode().Perm())
}
