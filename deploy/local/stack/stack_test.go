package stack

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryFunctionIsListedOnce(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../../../functions/*/handler.go")
	require.NoError(t, err)
	var want, listed []string
	for _, handler := range folders {
		if name := filepath.Base(filepath.Dir(handler)); name != "serve" {
			want = append(want, name)
		}
	}
	for _, f := range Functions {
		listed = append(listed, f.Name)
		require.NotNil(t, f.Handle, f.Name)
	}
	require.Equal(t, want, listed)
}

func TestFunctionsKnowNoMoreThanTheyUse(t *testing.T) {
	t.Parallel()
	holders := map[string][]string{
		TokenSigningKey:  {"change-password", "login"},
		ClientAddressKey: {"change-password", "delete-account", "login"},
		S3SecretKey:      {"delete-account", "delete-image", "delete-task", "get-image", "predict-image"},
		S3AccessKey:      {"delete-account", "delete-image", "delete-task", "get-image", "predict-image"},
	}
	for secret, want := range holders {
		var got []string
		for _, f := range Functions {
			if slices.Contains(f.Secrets, secret) {
				got = append(got, f.Name)
			}
		}
		require.Equal(t, want, got, secret)
	}
}

func TestEnv(t *testing.T) {
	for name, value := range map[string]string{"REGISTRATION": "off", "S3_BUCKET": "mine", "AWS_SECRET_ACCESS_KEY": "private", "DB_MAX_OPEN": "5"} {
		t.Setenv(name, value)
	}
	servers := map[string]string{S3Endpoint: "http://127.0.0.1:1", S3Bucket: "snaptask", ClassifierAddress: "127.0.0.1:2"}
	tests := map[string]map[string]string{
		"register":     {"REGISTRATION": "off", "DB_MAX_OPEN": "5"},
		"get-tasks":    {"DB_MAX_OPEN": "5"},
		"delete-image": {S3Endpoint: "http://127.0.0.1:1", S3Bucket: "snaptask", "DB_MAX_OPEN": "5"},
	}
	for name, want := range tests {
		f, ok := Find(name)
		require.True(t, ok)
		require.Equal(t, want, f.Env(servers), name)
	}
	_, ok := Find("no-such-function")
	require.False(t, ok)
	require.Equal(t, "private", os.Getenv("AWS_SECRET_ACCESS_KEY"), "it was there to be leaked")
}
