package application

import (
	"encoding/json"
	"errors"
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

// DSN returns the data source name of the application's database, for the account that may read and change all rows.
func (a *Application) DSN(t *testing.T) string {
	return a.read(t, "secrets", "housekeeping", "mysql-dsn")
}

// GatewayPassword returns the password of the gateway's user admin.
func (a *Application) GatewayPassword(t *testing.T) string {
	return a.read(t, "keys", "gateway-password")
}

// Servers returns the settings that name the application's object store and classifier, as housekeeping reads them.
func (a *Application) Servers(t *testing.T) (settings map[string]string) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(a.read(t, "housekeeping.json")), &settings))
	return settings
}

func (a *Application) read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(a.State, filepath.Join(path...)))
	require.NoError(t, err)
	return strings.TrimSpace(string(content))
}

// Objects returns the keys of all images in the object store, which keeps each as a file at BUCKET/KEY.
func (a *Application) Objects(t *testing.T) (keys []string) {
	t.Helper()
	for _, path := range files(t, filepath.Join(a.State, "s3")) {
		if _, key, found := strings.Cut(filepath.ToSlash(path), "/snaptask/"); found && filepath.Ext(path) == ".jpg" {
			keys = append(keys, key)
		}
	}
	return keys
}

// Uploads returns the paths of the files of all uploads in the object store that have not become photos.
func (a *Application) Uploads(t *testing.T) []string {
	t.Helper()
	return files(t, filepath.Join(a.State, "s3", "objects", "snaptask", "uploads"))
}

// AddObject adds an object to the object store, whose event nobody gets.
func (a *Application) AddObject(t *testing.T, key string, data []byte) {
	t.Helper()
	path := filepath.Join(a.State, "s3", "objects", "snaptask", filepath.FromSlash(key))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, data, 0o600))
}

// EventToken returns the secret with which the object store sends its events to label-upload.
func (a *Application) EventToken(t *testing.T) string {
	return a.read(t, "keys", "upload-event-token")
}

// Secrets returns the lines of every key and secret, and the passwords in DSNs.
func (a *Application) Secrets(t *testing.T) (secrets []string) {
	t.Helper()
	password := regexp.MustCompile(`^[^:]+:([^@]+)@tcp\(`)
	for _, path := range slices.Concat(files(t, filepath.Join(a.State, "keys")), files(t, filepath.Join(a.State, "secrets"))) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		lines := scenario.SecretLines(string(content))
		for _, line := range lines {
			if match := password.FindStringSubmatch(line); match != nil {
				secrets = append(secrets, match[1])
			}
		}
		secrets = append(secrets, lines...)
	}
	require.NotEmpty(t, secrets)
	return secrets
}

// requireDiscreetLogs fails the test if a log of the application reveals a secret.
func (a *Application) requireDiscreetLogs(t *testing.T) {
	t.Helper()
	secrets, logs := a.Secrets(t), files(t, filepath.Join(a.State, "log"))
	require.NotEmpty(t, logs)
	for _, path := range logs {
		log, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Empty(t, scenario.Reveals(string(log), secrets), "%s reveals secrets", path)
	}
}

// files returns the paths of all files below a folder.
func files(t *testing.T, folder string) (paths []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // the application may remove files during the walk
			return nil
		}
		if err == nil && entry.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}
