package functions_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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
