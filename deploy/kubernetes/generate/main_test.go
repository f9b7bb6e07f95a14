package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const repository = "../../.."

func TestWhatIsGeneratedFollowsFromTheStack(t *testing.T) {
	t.Parallel()
	files, err := generate(filepath.Join(repository, "stack.yml"))
	require.NoError(t, err)
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(repository, path))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s: go run ./deploy/kubernetes/generate", path)
	}
	present, err := filepath.Glob(filepath.Join(repository, "deploy/kubernetes/overlays/plain/functions/*"))
	require.NoError(t, err)
	for _, path := range present {
		require.Contains(t, files, "deploy/kubernetes/overlays/plain/functions/"+filepath.Base(path), "is of no function any more")
	}
}
