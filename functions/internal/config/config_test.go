package config

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
}

func TestReaderReturnsDefaults(t *testing.T) {
	for _, name := range []string{"TEXT", "NUMBER", "TIME", "CHOICE", "ADDRESS"} {
		t.Setenv(name, "")
	}
	r := New()
	require.Equal(t, "text", r.Text("TEXT", "text"))
	require.Equal(t, 2, r.Int("NUMBER", 2, 1))
	require.Equal(t, time.Minute, r.Duration("TIME", time.Minute, 1))
	require.Equal(t, "on", r.OneOf("CHOICE", "on", "off"))
	require.Equal(t, "http://minio:9000", r.URL("ADDRESS", "http://minio:9000"))
	require.NoError(t, r.Err())
}

func TestReaderReturnsWhatIsSet(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "secret", " \nhidden\n")
	t.Setenv("SECRETS_DIR", folder)
	t.Setenv("NUMBER", "7")
	t.Setenv("TIME", "1500ms")
	t.Setenv("CHOICE", "off")
	t.Setenv("ADDRESS", "https://s3.example.org")
	r := New()
	require.Equal(t, 7, r.Int("NUMBER", 2, 1))
	require.Equal(t, 1500*time.Millisecond, r.Duration("TIME", time.Minute, 1))
	require.Equal(t, "off", r.OneOf("CHOICE", "on", "off"))
	require.Equal(t, "https://s3.example.org", r.URL("ADDRESS", "http://minio:9000"))
	require.Equal(t, "hidden", r.Secret("secret"))
	require.Equal(t, "hidden", r.OptionalSecret("secret"))
	require.Empty(t, r.OptionalSecret("other"))
	require.NoError(t, r.Err())
}

func TestReaderReadsSecretsWhereOpenFaaSPutsThem(t *testing.T) {
	t.Setenv("SECRETS_DIR", "")
	r := New()
	r.Secret("token-public-keys")
	require.ErrorContains(t, r.Err(), "/var/openfaas/secrets/token-public-keys")
}

func TestReaderNamesTheSettingThatIsWrong(t *testing.T) {
	number := func(r *Reader) { r.Int("NAME", 2, 1) }
	duration := func(r *Reader) { r.Duration("NAME", time.Minute, time.Millisecond) }
	address := func(r *Reader) { r.URL("NAME", "http://minio:9000") }
	choice := func(r *Reader) { r.OneOf("NAME", "on", "off") }
	for _, c := range []struct {
		value   string
		read    func(*Reader)
		problem string
	}{
		{"0", number, "must be a whole number from 1"},
		{"-1", number, "must be a whole number from 1"},
		{"two", number, "must be a whole number from 1"},
		{"1.5", number, "must be a whole number from 1"},
		{"99999999999999999999", number, "must be a whole number from 1"},
		{"0s", duration, "must be a duration from 1ms"},
		{"5", duration, "must be a duration from 1ms"},
		{"7d", duration, "must be a duration from 1ms"},
		{"-1h", duration, "must be a duration from 1ms"},
		{"minio:9000", address, "must be http://HOST:PORT or https://HOST:PORT"},
		{"ftp://minio:9000", address, "must be http://HOST:PORT or https://HOST:PORT"},
		{"http://", address, "must be http://HOST:PORT or https://HOST:PORT"},
		{"http://minio:port", address, "must be http://HOST:PORT or https://HOST:PORT"},
		{"ON", choice, "must be one of on, off"},
	} {
		t.Run(c.value, func(t *testing.T) {
			t.Setenv("NAME", c.value)
			r := New()
			c.read(r)
			require.ErrorContains(t, r.Err(), "NAME: "+c.problem)
		})
	}
}

func TestReaderCollectsAllProblems(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "empty", " \n")
	t.Setenv("SECRETS_DIR", folder)
	t.Setenv("NUMBER", "none")
	r := New()
	r.Secret("missing")
	r.Secret("empty")
	r.OptionalSecret("empty")
	r.Int("NUMBER", 2, 1)
	for _, problem := range []string{"missing: the secret can't be read", "empty: the secret is empty", "NUMBER: must be"} {
		require.ErrorContains(t, r.Err(), problem)
	}
}
