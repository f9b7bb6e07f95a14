package story

import (
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// passwords are all that the story's people and the browser use, right and wrong ones.
var passwords = []string{"demo-password", "wrong-password", "not the password"}

// revealing are texts that no log may hold, whoever's they are.
var revealing = map[string]*regexp.Regexp{
	"a token":         regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]{8,}`),
	"an authority":    regexp.MustCompile(`(?i)(bearer|basic) [\w+/=.-]{8,}`),
	"a signature":     regexp.MustCompile(`(?i)(X-Amz-Signature|Signature)=[0-9a-f]{16,}`),
	"a password hash": regexp.MustCompile(`\$argon2id\$`),
	"a DSN":           regexp.MustCompile(`:[^\s:@]+@tcp\(`),
	"a private key":   regexp.MustCompile(`PRIVATE KEY`),
	"picture bytes":   regexp.MustCompile(`JFIF|Exif|IHDR|\\xff\\xd8|\\ufffd\\ufffd|/9j/4|iVBORw0KGgo|ffd8ffe`),
}

// reveals says what of the secrets, and of what is revealing by itself, stands in a log.
func reveals(log string, secrets []string) (found []string) {
	if !utf8.ValidString(log) {
		found = append(found, "bytes that are no text")
	}
	for what, pattern := range revealing {
		if pattern.MatchString(log) {
			found = append(found, what)
		}
	}
	for _, secret := range slices.Concat(secrets, passwords) {
		for _, written := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))} {
			if strings.Contains(log, written) {
				found = append(found, "the secret "+secret)
			}
		}
	}
	slices.Sort(found)
	return found
}

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
		require.Empty(t, reveals(string(log), secrets), "%s reveals secrets", path)
	}
}

func TestLogsAreSearched(t *testing.T) {
	t.Parallel()
	secrets := []string{"0123456789abcdef"}
	for log, want := range map[string]string{
		`{"cause":"0123456789abcdef"}`:                         "the secret 0123456789abcdef",
		`MDEyMzQ1Njc4OWFiY2RlZg==`:                             "the secret 0123456789abcdef",
		`{"body":"wrong-password"}`:                            "the secret wrong-password",
		`"token":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIwMWEy.c2ln"`: "a token",
		`Authorization: Bearer abcdefghijkl`:                   "an authority",
		`snaptask:secret@tcp(127.0.0.1:3306)/snaptask`:         "a DSN",
		"\xff\xd8\xff\xe0":                                     "bytes that are no text",
		`/9j/4AAQSkZJRgABAQ`:                                   "picture bytes",
		`$argon2id$v=19$m=19456,t=2`:                           "a password hash",
	} {
		require.Equal(t, []string{want}, reveals(log, secrets))
	}
	require.Empty(t, reveals(`{"level":"INFO","msg":"request","function":"login","callId":"0d9a","status":401,"ms":41.2}`, secrets))
}
