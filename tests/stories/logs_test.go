package stories

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/scenario"
)

// secretsOf are the lines of every file of the application's keys and its functions' secrets, and the passwords in DSNs.
func secretsOf(t *testing.T, state string) (secrets []string) {
	t.Helper()
	password := regexp.MustCompile(`^[^:]+:([^@]+)@tcp\(`)
	for _, folder := range []string{"keys", "secrets"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(state, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(path)
			for line := range strings.Lines(string(content)) {
				line = strings.TrimSpace(line)
				if line != "" && !strings.HasPrefix(line, "-----") {
					secrets = append(secrets, line)
				}
				if match := password.FindStringSubmatch(line); match != nil {
					secrets = append(secrets, match[1])
				}
			}
			return err
		}))
	}
	slices.Sort(secrets)
	return slices.Compact(secrets)
}

// requireDiscreetLogs fails the test when the application's logs reveal anything. Every story ends with it.
func requireDiscreetLogs(t *testing.T, state string) {
	t.Helper()
	secrets := secretsOf(t, state)
	require.NotEmpty(t, secrets)
	logs, err := filepath.Glob(filepath.Join(state, "log", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, logs)
	for _, path := range logs {
		log, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Empty(t, scenario.Reveals(string(log), secrets), "%s reveals secrets", path)
	}
}
