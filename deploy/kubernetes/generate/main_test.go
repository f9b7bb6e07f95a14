package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const repository = "../../.."

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	files, err := generate(filepath.Join(repository, "stack.yml"))
	require.NoError(t, err)
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(repository, path))
		require.NoError(t, err, "run: go run ./deploy/kubernetes/generate")
		require.Equal(t, string(want), string(got), "%s is out of date; run: go run ./deploy/kubernetes/generate", path)
	}
	present, err := filepath.Glob(filepath.Join(repository, "deploy/kubernetes/overlays/plain/functions/*"))
	require.NoError(t, err)
	for _, path := range present {
		require.Contains(t, files, "deploy/kubernetes/overlays/plain/functions/"+filepath.Base(path), "belongs to no function of stack.yml; remove it")
	}
}

func TestFunctionsFilesAreShort(t *testing.T) {
	t.Parallel()
	files, err := generate(filepath.Join(repository, "stack.yml"))
	require.NoError(t, err)
	for path, text := range files {
		if base := filepath.Base(path); filepath.Dir(path) == "deploy/kubernetes/overlays/plain/functions" && base != "names.yaml" {
			require.LessOrEqual(t, bytes.Count(text, []byte("\n")), 48, "%s: what functions share belongs in components/function", base)
		}
	}
}
