package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/functions/stack"
)

func TestSettingsAreOverriddenByTheEnvironmentAndTheServers(t *testing.T) {
	for name, value := range map[string]string{
		"REGISTRATION": "off", "DB_TIMEOUT": "1s", "S3_BUCKET": "another", "AWS_SECRET_ACCESS_KEY": "private",
	} {
		t.Setenv(name, value)
	}
	servers := map[string]string{"S3_ENDPOINT": "http://127.0.0.1:1", "S3_BUCKET": "snaptask"}
	f := stack.Function{Environment: map[string]string{"REGISTRATION": "on", "DB_MAX_OPEN": "2"}}
	require.Equal(t, map[string]string{"REGISTRATION": "off", "DB_MAX_OPEN": "2", "DB_TIMEOUT": "1s"}, settings(f, servers))
	require.Equal(t, "on", f.Environment["REGISTRATION"], "the table is not changed")

	f = stack.Function{Environment: map[string]string{"S3_ENDPOINT": "http://minio.snaptask:9000", "S3_BUCKET": "x"}}
	require.Equal(t, map[string]string{"S3_ENDPOINT": "http://127.0.0.1:1", "S3_BUCKET": "snaptask", "DB_TIMEOUT": "1s"}, settings(f, servers))
}

func TestTracingIsPassedOnButNotTheName(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
	t.Setenv("OTEL_SERVICE_NAME", "everything")
	require.Equal(t, map[string]string{"A": "b", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
		settings(stack.Function{Environment: map[string]string{"A": "b"}}, nil))
}

func TestKeysOfACollectorAreNotShown(t *testing.T) {
	t.Parallel()
	env := map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "authorization=the-key", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "A": "b"}
	require.Equal(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "A": "b"}, shown(env))
	require.Len(t, env, 3, "the function gets them")
}

func TestRepositoryIsAboveTheProgramOrTheWorkingFolder(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "stack.yml"), nil, 0o600))
	below := filepath.Join(root, ".snaptask", "bin")
	require.NoError(t, os.MkdirAll(below, 0o700))
	elsewhere := t.TempDir()

	t.Chdir(elsewhere)
	found, err := Repository(filepath.Join(below, "snaptask"))
	require.NoError(t, err)
	require.Equal(t, root, found)
	_, err = Repository(filepath.Join(elsewhere, "snaptask"))
	require.ErrorContains(t, err, "there is no stack.yml above "+elsewhere)

	t.Chdir(below)
	found, err = Repository(filepath.Join(elsewhere, "snaptask"))
	require.NoError(t, err)
	require.Equal(t, root, found)
}
