package main

import (
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const template = repository + "/template/snaptask-go"

// layOut returns a build context of a function of another project, as `faas-cli build --shrinkwrap` creates it: the template, and the
// function's folder copied over the template's function/.
func layOut(t *testing.T, folder string) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS(template)))
	copyOver(t, filepath.Join(root, "function"), folder)
	return root
}

// copyOver copies a folder's files, and replaces those that exist.
func copyOver(t *testing.T, to, from string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		write(t, filepath.Join(to, below), read(t, path))
		return nil
	}))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// buildStandalone follows the stages go and build-standalone of the template's Dockerfile in a folder that stands for the image's /src.
func buildStandalone(t *testing.T, root string) (program string, err error) {
	t.Helper()
	src := t.TempDir()
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(read(t, root, "Dockerfile"), "")
	text = strings.NewReplacer("$TARGETOS", runtime.GOOS, "$TARGETARCH", runtime.GOARCH, "/src", src).Replace(text)
	env, stage := os.Environ(), ""
	for line := range strings.Lines(text) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if instruction == "FROM" {
			_, stage, _ = strings.Cut(rest, " AS ")
		}
		if stage != "go" && stage != "build-standalone" {
			continue
		}
		switch instruction {
		case "ENV":
			for _, setting := range regexp.MustCompile(`(\w+=)(?:"([^"]*)"|(\S*))`).FindAllStringSubmatch(rest, -1) {
				env = append(env, setting[1]+setting[2]+setting[3])
			}
		case "COPY":
			from, to, _ := strings.Cut(rest, " ")
			require.NoError(t, os.CopyFS(filepath.Join(src, to), os.DirFS(filepath.Join(root, from))), line)
		case "RUN":
			run := exec.CommandContext(t.Context(), "sh", "-c", rest)
			run.Dir, run.Env = src, env
			if output, err := run.CombinedOutput(); err != nil {
				return string(output), err
			}
		default:
			require.Contains(t, []string{"", "FROM", "ARG", "WORKDIR"}, instruction, line)
		}
	}
	return filepath.Join(src, "bin/program"), nil
}

// newFunction returns a copy of the folder that `faas-cli new --lang snaptask-go` writes.
func newFunction(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	copyOver(t, folder, filepath.Join(template, "function"))
	return folder
}

func goIn(t *testing.T, folder string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", arguments...)
	command.Dir, command.Env = folder, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s: %s", command, output)
}

func TestTheTemplateBuildsANewFunctionOfAnyProject(t *testing.T) {
	t.Parallel()
	folder := newFunction(t)
	for _, name := range []string{"handler.go", "handler_test.go", "go.mod"} {
		require.NotRegexp(t, `(?i)snaptask`, read(t, folder, name), name)
	}
	goIn(t, folder, "vet", "./...")
	goIn(t, folder, "test", "./...")
	program, err := buildStandalone(t, layOut(t, folder))
	require.NoError(t, err, program)
	requireReply(t, program, "Ada", http.StatusOK, "Hello, Ada.\n")
	requireReply(t, program, "", http.StatusBadRequest, "The body must be your name.\n")
}

func TestTheTemplateBuildsAFunctionWithModulesAndPackagesOfItsOwn(t *testing.T) {
	t.Parallel()
	folder := newFunction(t)
	write(t, filepath.Join(folder, "handler.go"), `package function

import (
	"handler/function/upper"

	"github.com/google/uuid"
	handler "github.com/openfaas/templates-sdk/go-http"
)

func Handle(r handler.Request) (handler.Response, error) {
	id, err := uuid.Parse(string(r.Body))
	return handler.Response{Body: []byte(upper.Case(id.String()))}, err
}
`)
	write(t, filepath.Join(folder, "upper/upper.go"), "package upper\n\nimport \"strings\"\n\nfunc Case(s string) string { return strings.ToUpper(s) }\n")
	goIn(t, folder, "get", "github.com/google/uuid@v1.6.0")
	program, err := buildStandalone(t, layOut(t, folder))
	require.NoError(t, err, program)
	requireReply(t, program, "018f3b1c-0000-7000-8000-00000000000a", http.StatusOK, "018F3B1C-0000-7000-8000-00000000000A")
	requireReply(t, program, "no UUID", http.StatusInternalServerError, "internal error\n")
}

func TestTheTemplateBuildsAFunctionWithoutAModuleOfItsOwn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "handler.go"), read(t, template, "function/handler.go"))
	program, err := buildStandalone(t, layOut(t, folder))
	require.NoError(t, err, program)
	requireReply(t, program, "Ada", http.StatusOK, "Hello, Ada.\n")
}

func TestTheTemplateNamesAModuleThatItCantBuild(t *testing.T) {
	t.Parallel()
	folder := newFunction(t)
	write(t, filepath.Join(folder, "go.mod"), strings.Replace(read(t, folder, "go.mod"), "handler/function", "example.org/hello", 1))
	output, err := buildStandalone(t, layOut(t, folder))
	require.Error(t, err)
	require.Equal(t, "go.mod of the function must say: module handler/function\n", output)
}

// requireReply starts a program of the template, posts a body to it and stops it.
func requireReply(t *testing.T, program, body string, status int, reply string) {
	t.Helper()
	port := freePort(t)
	command := exec.CommandContext(t.Context(), program)
	command.Env = []string{"PORT=" + port}
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool {
		response, err := http.Get("http://127.0.0.1:" + port + "/_/health")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, time.Minute, 20*time.Millisecond)
	response, err := http.Post("http://127.0.0.1:"+port, "text/plain", strings.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, status, response.StatusCode)
	require.Equal(t, reply, string(got))
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	require.NoError(t, command.Wait())
}
