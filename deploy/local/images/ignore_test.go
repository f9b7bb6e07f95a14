package images

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ignore is a .dockerignore: a path's last pattern counts, a pattern covers all beneath what it names, ! takes back.
type ignore []struct {
	pattern *regexp.Regexp
	keep    bool
}

// anyDepth makes quoted wildcards the expressions that they stand for.
var anyDepth = strings.NewReplacer(`\*\*/`, `(.*/)?`, `\*`, `[^/]*`)

// readIgnore reads the .dockerignore of the context.
func readIgnore(t *testing.T, context string) ignore {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(context, ".dockerignore"))
	require.NoError(t, err)
	return parseIgnore(string(text))
}

func parseIgnore(text string) ignore {
	var rules ignore
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		line, keep := strings.CutPrefix(line, "!")
		expression := anyDepth.Replace(regexp.QuoteMeta(line))
		rules = append(rules, struct {
			pattern *regexp.Regexp
			keep    bool
		}{regexp.MustCompile(`^` + expression + `(/.*)?$`), keep})
	}
	return rules
}

// excludes says whether an engine leaves the file out; path is relative to the context, with slashes.
func (rules ignore) excludes(path string) bool {
	out := false
	for _, rule := range rules {
		if rule.pattern.MatchString(path) {
			out = !rule.keep
		}
	}
	return out
}

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
