package docs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// step is a block of the tutorial: a shell script, or the content of the file that was mentioned last.
var step = regexp.MustCompile("(?s)`([^`\\n]+\\.(?:go|yaml))`[^`]*?```(?:go|yaml)\n(.*?)```|```(sh)\n(.*?)```")

// TestTutorial follows docs/tutorial.md in a copy of the repository.
func TestTutorial(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, os.Getenv("TEST_MYSQL_DSN"), "run `make test`, or `.snaptask/bin/snaptask services -- go test` and the package: they start the servers")
	text, err := os.ReadFile(filepath.Join(root, "docs", "tutorial.md"))
	require.NoError(t, err)
	folder := copyOfRepository(t)
	if _, err := os.Stat(filepath.Join(folder, "functions", "count-tasks")); err == nil {
		t.Skip("the tutorial's function is in this repository already")
	}
	steps := step.FindAllStringSubmatch(string(text), -1)
	require.Len(t, steps, 7)
	for _, s := range steps {
		path, content, script := s[1], s[2], s[4]
		switch {
		case script != "":
			// The servers are already running, so nothing needs to be built.
			script = strings.NewReplacer(".snaptask/bin/snaptask services -- ", "", "make build\n", "").Replace(script)
			command := exec.CommandContext(t.Context(), "bash", "-euc", script)
			command.Dir = folder
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s: %s", script, out)
		case path == "functions/openapi.yaml":
			replacePath(t, filepath.Join(folder, path), content)
		default:
			require.NoError(t, os.WriteFile(filepath.Join(folder, path), []byte(content), 0o600))
		}
	}
	permissions, err := os.ReadFile(filepath.Join(folder, "functions", "permissions.md"))
	require.NoError(t, err)
	require.Contains(t, string(permissions), "| count-tasks | 200 |")
}

// replacePath replaces a path of the contract, from its first line to the next path or section.
func replacePath(t *testing.T, file, content string) {
	t.Helper()
	old, err := os.ReadFile(file)
	require.NoError(t, err)
	name, _, _ := strings.Cut(content, "\n")
	_, rest, found := bytes.Cut(old, []byte("\n"+name+"\n"))
	require.True(t, found, "%s has no %s", file, name)
	end := regexp.MustCompile(`(?m)^(  )?\S`).FindIndex(rest)
	require.NotNil(t, end)
	begin := len(old) - len(rest) - len(name) - 1
	changed := append([]byte(nil), old[:begin]...)
	changed = append(append(changed, content...), rest[end[0]:]...)
	require.NoError(t, os.WriteFile(file, changed, 0o600))
}

// copyOfRepository copies every file that git knows and returns the folder.
func copyOfRepository(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	list, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z").Output()
	require.NoError(t, err)
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		source := filepath.Join(root, name)
		info, err := os.Stat(source)
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		require.NoError(t, err)
		content, err := os.ReadFile(source)
		require.NoError(t, err)
		target := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(target), 0o755))
		require.NoError(t, os.WriteFile(target, content, info.Mode().Perm()))
	}
	return folder
}
