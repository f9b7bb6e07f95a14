package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIgnoreReadsPatternsAsDockerDoes(t *testing.T) {
	t.Parallel()
	rules := parseIgnore("# words\n*\n!kept\n!deep/kept\nkept/node_modules\n**/*_test.go\n**/testdata\n")
	for path, want := range map[string]bool{
		"other":                  true,
		"other/file.go":          true,
		"kept":                   false,
		"kept/file.go":           false,
		"kept/below/file.go":     false,
		"kept_not":               true,
		"deep/file.go":           true,
		"deep/kept/file.go":      false,
		"kept/node_modules/a/b":  true,
		"kept/a/node_modules":    false,
		"kept/a_test.go":         true,
		"kept/a/b_test.go":       true,
		"kept/a_test.go.txt":     false,
		"kept/testdata/file":     true,
		"kept/a/testdata/b/file": true,
	} {
		require.Equal(t, want, rules.excludes(path), path)
	}
}
