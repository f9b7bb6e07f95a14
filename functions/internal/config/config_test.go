package config

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// variables are all that this package reads, so that none of the machine's own gets into a test.
var variables = []string{
	"SECRETS_DIR", "DB_MAX_OPEN", "DB_MAX_LIFETIME", "DB_TIMEOUT", "SESSION_LIFETIME", "S3_ENDPOINT", "S3_REGION", "S3_BUCKET",
	"S3_TIMEOUT", "CLASSIFIER_PROTOCOL", "CLASSIFIER_ADDRESS", "CLASSIFIER_REST_URL", "CLASSIFIER_MODEL", "CLASSIFIER_TIMEOUT",
	"REGISTRATION", "CORS_ORIGINS", "ORPHAN_AGE",
}

// setup gives the function under test these secrets and settings, and no others. It forbids t.Parallel.
func setup(t *testing.T, secrets, settings map[string]string) {
	t.Helper()
	for _, name := range variables {
		t.Setenv(name, "")
	}
	folder := t.TempDir()
	t.Setenv("SECRETS_DIR", folder)
	for name, text := range secrets {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	for name, value := range settings {
		t.Setenv(name, value)
	}
}

func TestLoadGivesTheDocumentedDefaults(t *testing.T) {
	public, private := newKeys(t)
	setup(t, map[string]string{
		"mysql-dsn": "app:secret@tcp(127.0.0.1:3306)/snaptask", "s3-access-key": "access", "s3-secret-key": "hidden",
		"token-signing-key": privatePEM(t, private), "token-public-keys": publicPEM(t, public),
	}, nil)
	c, err := Load(ForDatabase, ForTokens, ForSigning, ForObjects, ForClassifier, ForRegistry, ForSweep)
	require.NoError(t, err)
	require.Equal(t, Config{
		Database: Database{
			DSN: "app:secret@tcp(127.0.0.1:3306)/snaptask", MaxOpen: 2, MaxLifetime: 5 * time.Minute, Timeout: 5 * time.Second,
		},
		Tokens:  Tokens{PublicKeys: []ed25519.PublicKey{public}},
		Signing: Signing{PrivateKey: private, Lifetime: 168 * time.Hour},
		Objects: Objects{
			Endpoint: "http://minio.snaptask:9000", Region: "us-east-1", Bucket: "snaptask",
			AccessKey: "access", SecretKey: "hidden", Timeout: 8 * time.Second,
		},
		Classifier: Classifier{
			Protocol: "grpc", Address: "dns:///tensorflow-serving.snaptask:8500",
			RESTURL: "http://tensorflow-serving.snaptask:8501", Model: "efficientnet", Timeout: 20 * time.Second,
		},
		Registry: Registry{Open: true},
		Sweep:    Sweep{OrphanAge: time.Hour},
	}, c)
}

func TestLoadTakesWhatIsSet(t *testing.T) {
	setup(t, map[string]string{"mysql-dsn": " \nu:p@tcp(h:1)/d\n", "s3-access-key": "a\n", "s3-secret-key": "s\n"}, map[string]string{
		"DB_MAX_OPEN": "7", "DB_MAX_LIFETIME": "1m", "DB_TIMEOUT": "1500ms",
		"S3_ENDPOINT": "https://s3.example.org", "S3_REGION": "eu-west-1", "S3_BUCKET": "pictures", "S3_TIMEOUT": "3s",
		"CLASSIFIER_PROTOCOL": "rest", "CLASSIFIER_ADDRESS": "127.0.0.1:8500", "CLASSIFIER_REST_URL": "http://127.0.0.1:8501",
		"CLASSIFIER_MODEL": "v2s", "CLASSIFIER_TIMEOUT": "1m", "REGISTRATION": "off", "ORPHAN_AGE": "2h",
	})
	c, err := Load(ForDatabase, ForObjects, ForClassifier, ForRegistry, ForSweep)
	require.NoError(t, err)
	require.Equal(t, Config{
		Database: Database{DSN: "u:p@tcp(h:1)/d", MaxOpen: 7, MaxLifetime: time.Minute, Timeout: 1500 * time.Millisecond},
		Objects: Objects{
			Endpoint: "https://s3.example.org", Region: "eu-west-1", Bucket: "pictures", AccessKey: "a", SecretKey: "s", Timeout: 3 * time.Second,
		},
		Classifier: Classifier{
			Protocol: "rest", Address: "127.0.0.1:8500", RESTURL: "http://127.0.0.1:8501", Model: "v2s", Timeout: time.Minute,
		},
		Registry: Registry{Open: false},
		Sweep:    Sweep{OrphanAge: 2 * time.Hour},
	}, c)
}

func TestLoadReadsOnlyThePartsAskedFor(t *testing.T) {
	setup(t, nil, map[string]string{"S3_ENDPOINT": "wrong", "CLASSIFIER_PROTOCOL": "wrong"})
	c, err := Load(ForRegistry)
	require.NoError(t, err)
	require.Equal(t, Config{Registry: Registry{Open: true}}, c)
}

func TestLoadReadsSecretsWhereOpenFaaSPutsThem(t *testing.T) {
	setup(t, nil, map[string]string{"SECRETS_DIR": ""})
	_, err := Load(ForTokens)
	require.ErrorContains(t, err, "/var/openfaas/secrets/token-public-keys")
}

func TestLoadNamesEachSettingThatIsWrong(t *testing.T) {
	const number, duration, address = "must be a whole number from 1", "must be a duration", "must be http://HOST:PORT or https://HOST:PORT"
	for _, c := range []struct {
		part                 Part
		name, value, problem string
	}{
		{ForDatabase, "DB_MAX_OPEN", "0", number},
		{ForDatabase, "DB_MAX_OPEN", "-1", number},
		{ForDatabase, "DB_MAX_OPEN", "two", number},
		{ForDatabase, "DB_MAX_OPEN", "1.5", number},
		{ForDatabase, "DB_MAX_OPEN", "99999999999999999999", number},
		{ForDatabase, "DB_MAX_LIFETIME", "0s", duration},
		{ForDatabase, "DB_TIMEOUT", "5", duration},
		{ForSigning, "SESSION_LIFETIME", "7d", duration},
		{ForSigning, "SESSION_LIFETIME", "-1h", duration},
		{ForObjects, "S3_ENDPOINT", "minio:9000", address},
		{ForObjects, "S3_ENDPOINT", "ftp://minio:9000", address},
		{ForObjects, "S3_ENDPOINT", "http://", address},
		{ForObjects, "S3_ENDPOINT", "http://minio:port", address},
		{ForObjects, "S3_TIMEOUT", "soon", duration},
		{ForClassifier, "CLASSIFIER_PROTOCOL", "GRPC", "must be one of grpc, rest"},
		{ForClassifier, "CLASSIFIER_REST_URL", "localhost", address},
		{ForClassifier, "CLASSIFIER_TIMEOUT", "x", duration},
		{ForSweep, "ORPHAN_AGE", "0s", duration},
		{ForRegistry, "REGISTRATION", "yes", "must be one of on, off"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			setup(t, nil, map[string]string{c.name: c.value})
			_, err := Load(c.part)
			require.ErrorContains(t, err, c.name+": "+c.problem)
		})
	}
}

func TestLoadNamesAllThatIsWrongAtOnce(t *testing.T) {
	setup(t, map[string]string{"s3-access-key": " \n", "token-public-keys": "hunter2", "token-signing-key": "hunter3"},
		map[string]string{"DB_MAX_OPEN": "none", "S3_ENDPOINT": "nowhere", "CLASSIFIER_PROTOCOL": "fax", "REGISTRATION": "maybe"})
	_, err := Load(ForDatabase, ForTokens, ForSigning, ForObjects, ForClassifier, ForRegistry)
	for _, problem := range []string{
		"mysql-dsn: the secret can't be read", "DB_MAX_OPEN:", "token-public-keys: holds no PEM block", "token-signing-key: holds no PEM block",
		"S3_ENDPOINT:", "s3-access-key: the secret is empty", "s3-secret-key: the secret can't be read", "CLASSIFIER_PROTOCOL:", "REGISTRATION:",
	} {
		require.ErrorContains(t, err, problem)
	}
	require.NotContains(t, err.Error(), "hunter", "the error goes to the log")
}

func TestOrigins(t *testing.T) {
	for name, c := range map[string]struct {
		value string
		want  []string
	}{
		"none":       {"", nil},
		"one":        {"https://tasks.example.org", []string{"https://tasks.example.org"}},
		"with port":  {"http://localhost:8080", []string{"http://localhost:8080"}},
		"IPv6":       {"http://[::1]:8080", []string{"http://[::1]:8080"}},
		"several":    {"https://a.example,https://b.example", []string{"https://a.example", "https://b.example"}},
		"with space": {" https://a.example , https://b.example ,", []string{"https://a.example", "https://b.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			setup(t, nil, map[string]string{"CORS_ORIGINS": c.value})
			origins, err := Origins()
			require.NoError(t, err)
			require.Equal(t, c.want, origins)
		})
	}
}

func TestOriginsRefusesWhatNoBrowserSends(t *testing.T) {
	for _, value := range []string{
		"*", "null", "tasks.example.org", "//tasks.example.org", "https://", "https://tasks.example.org/", "https://tasks.example.org/app",
		"https://tasks.example.org?x", "https://tasks.example.org#x", "https://user@tasks.example.org", "HTTPS://tasks.example.org",
		"https://Tasks.example.org", "https://*.example.org", "https://tasks.example.org:x", "https://good.example,bad",
	} {
		t.Run(value, func(t *testing.T) {
			setup(t, nil, map[string]string{"CORS_ORIGINS": value})
			origins, err := Origins()
			require.ErrorContains(t, err, "CORS_ORIGINS: ")
			require.Nil(t, origins)
		})
	}
}
