package scaffold

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// repository writes files to a new temporary folder and returns its path.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range files {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return root
}

// complete is a repository with one function, sing.
func complete() map[string]string {
	return map[string]string{
		"functions/sing/handler.go":  "// Package function sings.\npackage function\n",
		"functions/serve/handler.go": "package serve\n",
		goTable: "package functions\n\nimport (\n\tsing \"snaptask/functions/sing\"\n)\n\n" +
			"var All = map[string]serve.Function{\n\t\"sing\": {Handle: sing.Handle, Admit: sing.Admit},\n}\n",
		stackYML: "x-function: &function {lang: snaptask-go}\n\nfunctions:\n  sing:\n    <<: *function\n",
		openAPI:  "openapi: 3.1.0\npaths:\n  /function/sing:\n    get: {}\ncomponents:\n  schemas: {}\n",
	}
}

func TestMissingNamesTheFileAndTheLines(t *testing.T) {
	t.Parallel()
	problems, err := Missing(repository(t, complete()))
	require.NoError(t, err)
	require.Empty(t, problems)

	for table, want := range map[string][]string{
		"functions/sing/handler.go": {"functions/sing/handler.go does not exist"},
		goTable:                     {"functions/functions.go does not list sing", "\tsing \"snaptask/functions/sing\"\n", "\t\"sing\": {Handle: sing.Handle, Admit: sing.Admit},\n"},
		stackYML:                    {"stack.yml does not list sing", "  sing:\n    <<: *function\n    handler: ./functions/sing\n"},
		openAPI:                     {"functions/openapi.yaml does not describe sing", "  /function/sing:\n    get:\n      operationId: sing\n"},
	} {
		files := complete()
		files[table] = strings.NewReplacer("{Handle: sing.Handle, Admit: sing.Admit}", "", "sing", "hum", "package function", "package other").Replace(files[table])
		if table == "functions/sing/handler.go" {
			require.NotContains(t, files[table], "package function")
		} else {
			files["functions/hum/handler.go"] = "package function\n"
		}
		problems, err := Missing(repository(t, files))
		require.NoError(t, err)
		all := strings.Join(problems, "\n")
		for _, text := range want {
			require.Contains(t, all, text, table)
		}
	}
}

func TestNewFunctionIsInEveryTable(t *testing.T) {
	t.Parallel()
	for method, files := range map[string]string{"GET": "handler.go handler_test.go", "POST": "handler.go handler_test.go request.json"} {
		for _, name := range []string{"hum", "whistle-well"} { // before and after sing
			root := repository(t, complete())
			written, err := New(root, name, method)
			require.NoError(t, err)
			want := []string{goTable, openAPI, stackYML}
			for file := range strings.FieldsSeq(files) {
				want = append(want, "functions/"+name+"/"+file)
			}
			require.ElementsMatch(t, want, written)
			problems, err := Missing(root)
			require.NoError(t, err)
			require.Empty(t, problems)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	root := repository(t, complete())
	for name, want := range map[string]string{"Sing": "not a name", "a--b": "not a name", "../x": "not a name", "": "not a name", "type": "keyword", "sing": "exists", "serve": "exists"} {
		_, err := New(root, name, "GET")
		require.ErrorContains(t, err, want, name)
	}
	_, err := New(root, "hum", "TRACE")
	require.ErrorContains(t, err, "method")
	require.NoDirExists(t, filepath.Join(root, "functions", "hum"))
}

// TestNewFunctionCompiles adds a function of each kind to a copy of this repository and compiles the module with its tests.
func TestNewFunctionCompiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(root, "functions"), os.DirFS("..")))
	table, err := os.ReadFile("../../" + stackYML)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, stackYML), table, 0o600))
	for name, method := range map[string]string{"scaffold-get": "GET", "scaffold-post": "POST"} {
		_, err := New(root, name, method)
		require.NoError(t, err)
	}
	problems, err := Missing(root)
	require.NoError(t, err)
	require.Empty(t, problems)
	contract, err := openapi3.NewLoader().LoadFromFile(filepath.Join(root, openAPI))
	require.NoError(t, err)
	require.NoError(t, contract.Validate(t.Context()))

	vet := exec.CommandContext(t.Context(), "go", "vet", ".", "./scaffold-get", "./scaffold-post")
	vet.Dir = filepath.Join(root, "functions")
	vet.Env = append(os.Environ(), "GOWORK=off")
	out, err := vet.CombinedOutput()
	require.NoError(t, err, "%s", out)
	unformatted, err := exec.CommandContext(t.Context(), "gofmt", "-l", filepath.Join(root, "functions")).CombinedOutput()
	require.NoError(t, err, "%s", unformatted)
	require.Empty(t, string(unformatted))
}
