package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"snaptask/functions/stack"
)

//go:embed templates
var templates embed.FS

// function is what the templates are told of one.
type function struct {
	stack.Function
	Settings      []setting
	Calls         []string // servers, by the names of their Services
	Least, Most   int
	Grace         int    // seconds
	CPUForScaling string // of a replica on the average, above which there are more of them
}

type setting struct{ Name, Value string }

// plan works out what one function is given.
func plan(from stack.Function) (function, error) {
	f := function{Function: from}
	var err error
	if f.Least, f.Most, err = from.Replicas(); err != nil {
		return f, err
	}
	grace, err := from.Grace()
	if err != nil {
		return f, err
	}
	f.Grace = int(grace.Seconds())
	for _, key := range slices.Sorted(maps.Keys(from.Environment)) {
		// Everything is in one namespace here, whatever its name.
		f.Settings = append(f.Settings, setting{key, strings.ReplaceAll(from.Environment[key], ".snaptask:", ":")})
	}
	slices.Sort(f.Secrets)
	for server, reason := range map[string]bool{
		"mysql":              slices.Contains(from.Secrets, "mysql-dsn"),
		"minio":              slices.Contains(from.Secrets, "s3-secret-key"),
		"tensorflow-serving": from.Environment["CLASSIFIER_MODEL"] != "",
	} {
		if reason {
			f.Calls = append(f.Calls, server)
		}
	}
	slices.Sort(f.Calls)
	cores, err := strconv.Atoi(from.Limits.CPU)
	if err != nil {
		return f, errors.New("limits: cpu must be a whole number of cores")
	}
	f.CPUForScaling = fmt.Sprintf("%dm", cores*500)
	return f, nil
}

// way is a server and the functions that call it.
type way struct {
	Server    string
	Ports     []int
	Functions []string
}

// stackWays are all functions and the ways that they go.
type stackWays struct {
	Functions []string
	Ways      []way
}

func ways(all []function) stackWays {
	result := stackWays{Ways: []way{
		{Server: "mysql", Ports: []int{3306}},
		{Server: "minio", Ports: []int{9000}},
		{Server: "tensorflow-serving", Ports: []int{8500, 8501}},
	}}
	for _, f := range all {
		result.Functions = append(result.Functions, f.Name)
		for i := range result.Ways {
			if w := &result.Ways[i]; slices.Contains(f.Calls, w.Server) {
				w.Functions = append(w.Functions, f.Name)
			}
		}
	}
	return result
}

// render fills a template in, as the file path under deploy/kubernetes.
func render(files map[string][]byte, path, name string, data any) error {
	t, err := template.New(name).Option("missingkey=error").ParseFS(templates, "templates/"+name)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := t.Execute(&text, data); err != nil {
		return err
	}
	files["deploy/kubernetes/"+path] = text.Bytes()
	return nil
}
