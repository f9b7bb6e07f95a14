// Command generate writes the manifests that are derived from stack.yml: the functions of overlays/plain, the network policies
// of overlays/minikube and the settings of components/external-s3. After a change of stack.yml, a test fails until it is run.
//
//	go run ./deploy/kubernetes/generate     # in the repository
package main

import (
	"bytes"
	"embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

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
	for path, text := range files {
		if err := os.WriteFile(filepath.Join(root, path), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the contents of the generated files by their paths in the repository.
func generate(stackYAML string) (map[string][]byte, error) {
	file, err := stack.Read(stackYAML)
	if err != nil {
		return nil, err
	}
	var all []function
	for _, name := range slices.Sorted(maps.Keys(file.Functions)) {
		f, err := plan(file.Functions[name])
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	w := writer{files: map[string][]byte{}}
	for _, f := range all {
		w.write("overlays/plain/functions/"+f.Name+".yaml", "function.yaml", f)
	}
	w.write("overlays/plain/functions/kustomization.yaml", "kustomization.yaml", functions{all})
	w.write("overlays/plain/functions/names.yaml", "names.yaml", functions{all})
	w.write("overlays/minikube/functions.yaml", "policies.yaml", policies{ways(all)})
	w.write("components/external-s3/settings.yaml", "settings.yaml", settings{[]string{"S3_ENDPOINT", "S3_REGION", "S3_BUCKET"}, usersOfS3(all)})
	return w.files, w.err
}

//go:embed templates
var sources embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"join": func(names []string) string { return strings.Join(names, ", ") },
	"ports": func(numbers []int) string {
		var all []string
		for _, n := range numbers {
			all = append(all, fmt.Sprintf("{protocol: TCP, port: %d}", n))
		}
		return strings.Join(all, ", ")
	},
}).ParseFS(sources, "templates/*"))

// writer collects files and the first error.
type writer struct {
	files map[string][]byte
	err   error
}

// write executes a template into a file, whose path is below deploy/kubernetes.
func (w *writer) write(path, name string, data any) {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, name, data); err != nil && w.err == nil {
		w.err = err
	}
	w.files["deploy/kubernetes/"+path] = text.Bytes()
}
