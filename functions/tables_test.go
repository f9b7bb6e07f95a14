package functions_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions"
	"snaptask/functions/scaffold"
)

// TestEveryFunctionIsInEveryTable fails for a function that functions.go, stack.yml or openapi.yaml does not list, with the
// lines to add.
func TestEveryFunctionIsInEveryTable(t *testing.T) {
	t.Parallel()
	problems, err := scaffold.Missing("..")
	require.NoError(t, err)
	for _, problem := range problems {
		t.Error(problem)
	}
}

// TestNoFunctionIsLeftUnfinished finds what make new-function leaves to be written.
func TestNoFunctionIsLeftUnfinished(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/handler*.go")
	require.NoError(t, err)
	for _, file := range append(files, "openapi.yaml") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(text), "TODO", "functions/%s", file)
	}
}

func TestHandlersAreShort(t *testing.T) {
	t.Parallel()
	for name := range functions.All {
		file := filepath.Join(name, "handler.go")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.LessOrEqual(t, bytes.Count(text, []byte("\n")), 60, "lines of functions/%s", file)
	}
}
