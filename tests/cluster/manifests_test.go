package cluster

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// manifest is one YAML document.
type manifest map[string]any

// render returns the output of a kustomization.
func render(t *testing.T, folder string) (all []manifest) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(kubectl(t, nil, "kustomize", folder)))
	for {
		var m map[string]any
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(t, all)
			return all
		}
		require.NoError(t, err)
		all = append(all, m)
	}
}

// text encodes the manifests of a kind, or all if it is empty.
func text(t *testing.T, all []manifest, kind string) []byte {
	t.Helper()
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	for _, m := range all {
		if kind == "" || m["kind"] == kind {
			require.NoError(t, encoder.Encode(m))
		}
	}
	require.NoError(t, encoder.Close())
	return b.Bytes()
}

func (m manifest) metadata() map[string]any { return m["metadata"].(map[string]any) }

// find returns the manifest of this kind and name.
func find(t *testing.T, all []manifest, kind, name string) manifest {
	t.Helper()
	for _, m := range all {
		if m["kind"] == kind && m.metadata()["name"] == name {
			return m
		}
	}
	require.Fail(t, "no such manifest", "%s %s", kind, name)
	return nil
}

// named returns a copy of a manifest with another name.
func (m manifest) named(t *testing.T, name string) manifest {
	t.Helper()
	var c map[string]any
	require.NoError(t, yaml.Unmarshal(text(t, []manifest{m}, ""), &c))
	manifest(c).metadata()["name"] = name
	return c
}

// moved renames all namespaces and returns the new names. It removes node ports that are in use in the cluster, for example by another
// Snaptask.
func moved(all []manifest, taken map[int]bool, name func(string) string) (namespaces []string) {
	for _, m := range all {
		if m["kind"] == "Namespace" {
			moved := name(m.metadata()["name"].(string))
			m.metadata()["name"] = moved
			namespaces = append(namespaces, moved)
		}
		if was, ok := m.metadata()["namespace"].(string); ok {
			m.metadata()["namespace"] = name(was)
		}
		visit(map[string]any(m), func(node map[string]any) {
			if port, ok := node["nodePort"].(int); ok && taken[port] {
				delete(node, "nodePort")
			}
		})
	}
	return namespaces
}
