package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"snaptask/functions/stack"
)

// Servers that functions call, by the names of their Services.
const (
	mysql             = "mysql"
	minio             = "minio"
	tensorflowServing = "tensorflow-serving"
)

// function is the templates' data of one function.
type function struct {
	stack.Function
	Settings      []setting
	Calls         []string // servers
	Least, Most   int      // replicas
	Grace         int      // seconds
	CPUForScaling string   // average per replica above which another one starts
}

type setting struct{ Name, Value string }

// The data of the templates.
type (
	functions struct{ Functions []function }
	policies  struct{ Ways []way }
	settings  struct{ Settings, Callers []string }
	way       struct {
		Server    string
		Ports     []int
		Functions []string // that call the server
	}
)

// plan derives the templates' data from an entry of stack.yml.
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
	for _, name := range slices.Sorted(maps.Keys(from.Environment)) {
		// In overlays/plain everything is in one namespace, whatever its name.
		f.Settings = append(f.Settings, setting{name, strings.ReplaceAll(from.Environment[name], ".snaptask:", ":")})
	}
	f.Secrets = slices.Sorted(slices.Values(from.Secrets))
	if from.CallsS3() {
		f.Calls = append(f.Calls, minio)
	}
	if from.CallsMySQL() {
		f.Calls = append(f.Calls, mysql)
	}
	if from.Environment["CLASSIFIER_ADDRESS"] != "" {
		f.Calls = append(f.Calls, tensorflowServing)
	}
	cores, err := strconv.Atoi(from.Limits.CPU)
	if err != nil {
		return f, fmt.Errorf("%s: limits.cpu must be a whole number of cores, not %q", f.Name, from.Limits.CPU)
	}
	f.CPUForScaling = fmt.Sprintf("%dm", cores*500)
	return f, nil
}

func ways(all []function) []way {
	return []way{
		{mysql, []int{3306}, callers(all, mysql)},
		{minio, []int{9000}, callers(all, minio)},
		{tensorflowServing, []int{8500, 8501}, callers(all, tensorflowServing)},
	}
}

// callers returns the names of the functions that call a server.
func callers(all []function, server string) []string {
	var names []string
	for _, f := range all {
		if slices.Contains(f.Calls, server) {
			names = append(names, f.Name)
		}
	}
	return names
}

// usersOfS3 returns the names of the functions that have settings of the object store.
func usersOfS3(all []function) []string {
	var names []string
	for _, f := range all {
		if f.UsesS3() {
			names = append(names, f.Name)
		}
	}
	return names
}
