package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// kubectl is the cluster of kubectl's current context. Values are on its standard input and output, never in its arguments.
type kubectl struct{}

type metadata struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
}

// object is a Secret in the JSON of the Kubernetes API, which like encoding/json encodes bytes in base64.
type object struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metadata          `json:"metadata"`
	Data       map[string][]byte `json:"data"`
}

type list struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Items      []object `json:"items"`
}

func (kubectl) secrets(ctx context.Context, namespace string) (map[string]string, error) {
	// In a namespace that does not exist, kubectl would list no Secrets and report no error.
	if _, err := call(ctx, nil, "get", "namespace", namespace, "--output=name"); err != nil {
		return nil, err
	}
	text, err := call(ctx, nil, "get", "secrets", "--namespace="+namespace, "--output=json")
	if err != nil {
		return nil, err
	}
	var all list
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("kubectl get secrets: %w", err)
	}
	values := map[string]string{}
	for _, o := range all.Items {
		if value, ok := o.Data[o.Metadata.Name]; ok {
			values[o.Metadata.Name] = string(value)
		} else if slices.Contains(slices.Concat(ofServers, ofFunctions), o.Metadata.Name) {
			return nil, fmt.Errorf("the Secret %s in %s has no key of this name", o.Metadata.Name, namespace)
		}
	}
	return values, nil
}

// create uses kubectl create, since kubectl apply would copy the values to an annotation.
func (kubectl) create(ctx context.Context, namespace string, values map[string]string) error {
	all := list{APIVersion: "v1", Kind: "List"}
	for name, value := range values {
		all.Items = append(all.Items, object{
			APIVersion: "v1", Kind: "Secret", Data: map[string][]byte{name: []byte(value)},
			Metadata: metadata{Name: name, Namespace: namespace, Labels: map[string]string{"app.kubernetes.io/part-of": "snaptask"}},
		})
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	_, err = call(ctx, text, "create", "--filename=-")
	return err
}

// call runs kubectl. Its error includes what kubectl printed, which names Secrets but not their values.
func call(ctx context.Context, input []byte, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "kubectl", args...)
	command.Stdin = bytes.NewReader(input)
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	err := command.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("kubectl is missing: see https://kubernetes.io/docs/tasks/tools")
	}
	if err != nil {
		return nil, fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(problems.String()))
	}
	return out.Bytes(), nil
}
