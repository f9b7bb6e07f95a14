package scaffold

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"snaptask/functions/stack"
)

// Missing compares the folders of functions and the tables of the repository at root. For each function that one of them
// lacks it returns the file and the lines to add.
func Missing(root string) ([]string, error) {
	folders, err := foldersIn(filepath.Join(root, "functions"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(root, goTable))
	if err != nil {
		return nil, err
	}
	inGo := map[string]bool{}
	for _, match := range listed.FindAllStringSubmatch(string(text), -1) {
		inGo[match[1]] = true
	}
	table, err := stack.Read(filepath.Join(root, stackYML))
	if err != nil {
		return nil, err
	}
	inStack := map[string]bool{}
	for name := range table.Functions {
		inStack[name] = true
	}
	inContract, err := pathsIn(filepath.Join(root, openAPI))
	if err != nil {
		return nil, err
	}

	all := map[string]bool{}
	for _, names := range []map[string]bool{folders, inGo, inStack, inContract} {
		maps.Copy(all, names)
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		e := entry{name, http.MethodGet}
		if !folders[name] {
			problems = append(problems, fmt.Sprintf("functions/%s/handler.go does not exist: `make new-function` writes one, or remove %s from the other tables", name, name))
		}
		if !inGo[name] {
			imported, line := e.goLines()
			problems = append(problems, fmt.Sprintf("%s does not list %s. Add to its imports and to All:\n\n%s\n%s", goTable, name, imported, line))
		}
		if !inStack[name] {
			problems = append(problems, fmt.Sprintf("%s does not list %s. Add below functions:\n%s", stackYML, name, e.stackLines()))
		}
		if !inContract[name] {
			problems = append(problems, fmt.Sprintf("%s does not describe %s. Add below paths:\n\n%s", openAPI, name, e.contractLines()))
		}
	}
	return problems, nil
}

// foldersIn returns the names of the folders whose handler.go is package function.
func foldersIn(functions string) (map[string]bool, error) {
	handlers, err := filepath.Glob(filepath.Join(functions, "*", "handler.go"))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, handler := range handlers {
		text, err := os.ReadFile(handler)
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(text, []byte("package function\n")) || bytes.Contains(text, []byte("\npackage function\n")) {
			names[filepath.Base(filepath.Dir(handler))] = true
		}
	}
	return names, nil
}

func pathsIn(contract string) (map[string]bool, error) {
	text, err := os.ReadFile(contract)
	if err != nil {
		return nil, err
	}
	var file struct {
		Paths map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", contract, err)
	}
	names := map[string]bool{}
	for path := range file.Paths {
		names[strings.TrimPrefix(path, "/function/")] = true
	}
	return names, nil
}
