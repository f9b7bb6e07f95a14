package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// standIn puts a kubectl first in PATH that records its arguments and prints the Secrets of a file. It sets environment
// variables, so the test can't be parallel.
func standIn(t *testing.T, secrets string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	const script = `#!/bin/sh
cd "$(dirname "$0")"
echo "$@" >>arguments
case "$1 $2" in
"get namespace") [ "$3" = here ] || { echo "namespaces \"$3\" not found" >&2; exit 1; } ;;
"get secrets") cat secrets ;;
*) cat >input ;;
esac
`
	require.NoError(t, os.WriteFile(filepath.Join(folder, "kubectl"), []byte(script), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "secrets"), []byte(secrets), 0o600))
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	return folder
}

func TestValuesAreOnlyOnStandardInput(t *testing.T) {
	kept := base64.StdEncoding.EncodeToString([]byte("kept-password"))
	folder := standIn(t, `{"items": [
		{"metadata": {"name": "mysql-root-password"}, "data": {"mysql-root-password": "`+kept+`"}},
		{"metadata": {"name": "somebody-else's"}, "data": {"key": "aGlkZGVu"}}]}`)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"here"}, kubectl{}, &out))
	require.Equal(t, report(len(everything)-1, 1)+"\n", out.String())

	text, err := os.ReadFile(filepath.Join(folder, "input"))
	require.NoError(t, err)
	var sent list
	require.NoError(t, json.Unmarshal(text, &sent))
	require.Len(t, sent.Items, len(everything)-1)
	arguments, err := os.ReadFile(filepath.Join(folder, "arguments"))
	require.NoError(t, err)
	for _, o := range sent.Items {
		require.Equal(t, "here", o.Metadata.Namespace)
		require.Len(t, o.Data, 1)
		value := string(o.Data[o.Metadata.Name])
		require.NotEmpty(t, value, o.Metadata.Name)
		require.NotContains(t, string(arguments), value)
		if o.Metadata.Name == "mysql-admin-dsn" {
			require.Equal(t, "root:kept-password@tcp(mysql.here:3306)/", value)
		}
	}
}

func TestErrorsOfKubectlAreShown(t *testing.T) {
	standIn(t, `{"items": [{"metadata": {"name": "mysql-dsn"}, "data": {"dsn": "aGlkZGVu"}}]}`)
	err := run(t.Context(), []string{"nowhere"}, kubectl{}, &bytes.Buffer{})
	require.ErrorContains(t, err, `namespaces "nowhere" not found`)
	err = run(t.Context(), []string{"here"}, kubectl{}, &bytes.Buffer{})
	require.ErrorContains(t, err, "mysql-dsn in here has no key of this name")
	t.Setenv("PATH", t.TempDir())
	err = run(t.Context(), []string{"here"}, kubectl{}, &bytes.Buffer{})
	require.ErrorContains(t, err, "kubectl is missing")
}
