package operate

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const repository = "../../.."

// rule is the script that a stand-in runs for calls that match a pattern of a shell's case.
type rule struct{ pattern, script string }

// works are the rules under which everything succeeds.
var works = []rule{
	{"kubectl version --client*", "echo Client Version: v1.34.1"},
	{"go env GOVERSION", "echo go1.26.8"},
	{"minikube version*", "echo v1.37.0"},
	{"minikube ip*", "echo 127.0.0.9"},
	{"minikube docker-env*", `echo 'export DOCKER_HOST=tcp://127.0.0.9:2376'`},
	{"docker --version", "echo Docker version 28.1.0, build 1"},
	{"docker build*|docker push*|faas-cli build*|faas-cli push*", `[ "$DOCKER_HOST" = tcp://127.0.0.9:2376 ]`},
	{"docker inspect*", `name=${4##*/}; echo "${name%:*} 10.96.7.7/snaptask/${name%:*}@sha256:${name%:*}"`},
	{"node --version", "echo v22.1.0"},
	{"faas-cli version*", "echo 0.18.0"},
	{"faas-cli login*", "cat >/dev/null"},
	{"helm version*", "echo v3.19.0+g1"},
	{"kubectl get service registry *", "printf 10.96.7.7"},
	{"kubectl get nodes *", "printf 'amd64 amd64'"},
	{"kubectl kustomize deploy/*", `printf 'image: snaptask/%s:dev\n' migrate bucket webapp webapp housekeeping; echo image: mysql:9.7.2`},
	{"kubectl get secret demo-account *printf*", `printf '{"username": "demo", "password": "the-password"}'`},
	{"kubectl get secret demo-account *", "printf the-password"},
	{"kubectl create *|kubectl patch *|kubectl exec *", "cat >/dev/null"},
	{"kubectl get job *", "printf 'Complete '"},
	{"kubectl get statefulsets --*metadata.name}", "printf 'minio mysql'"},
	{"kubectl get deployments --*metadata.name}", "printf 'tensorflow-serving webapp'"},
	{"kubectl get deployment *image}", `printf %s "10.96.7.7/snaptask/$3:seven"`},
	{"kubectl get pods *imageID}*", `name=${6#faas_function=}; echo " 10.96.7.7/snaptask/$name:seven docker-pullable://10.96.7.7/snaptask/$name@sha256:$name"`},
	{"kubectl get pods *job-name*", "printf housekeeping-1"},
	{"kubectl get service webapp *", "printf 31180"},
	{"kubectl port-forward *", "exec sleep 60"},
}

// machine is a folder with stand-ins that record their calls, and with the few real programs that the scripts need.
type machine struct {
	folder, state string
	env           []string
	rules         []rule
}

var tools = []string{"kubectl", "go", "minikube", "docker", "node", "faas-cli", "helm", "make"}

// newMachine returns a machine with all tools except the missing ones, and a gateway in front of the application.
func newMachine(t *testing.T, application http.Handler, missing ...string) *machine {
	t.Helper()
	gateway := httptest.NewServer(application)
	t.Cleanup(gateway.Close)
	address, err := url.Parse(gateway.URL)
	require.NoError(t, err)
	m := &machine{folder: t.TempDir(), state: t.TempDir()}
	m.env = []string{"PATH=" + m.folder, "HOME=" + m.folder, "SNAPTASK_STATE=" + m.state, "IMAGE_TAG=seven", "LOCAL_PORT=" + address.Port(), "TIMEOUT=2"}
	for _, tool := range []string{"bash", "sh", "sed", "grep", "sort", "tr", "head", "cut", "mktemp", "seq", "cat", "dirname", "od", "base64", "uname", "rm", "mkdir", "sleep", "curl", "git", "mv", "wc", "date"} {
		m.link(t, tool)
	}
	for _, tool := range tools {
		if !slices.Contains(missing, tool) {
			m.standIn(t, tool)
		}
	}
	return m
}

func (m *machine) link(t *testing.T, tool string) {
	t.Helper()
	path, err := exec.LookPath(tool)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(path, filepath.Join(m.folder, tool)))
}

func (m *machine) standIn(t *testing.T, tool string) {
	t.Helper()
	script := fmt.Sprintf("#!/bin/sh\necho \"%[1]s $*\" >>%[2]s/calls\nset -- \"$@\"\n. %[2]s/rules\n", tool, m.folder)
	require.NoError(t, os.WriteFile(filepath.Join(m.folder, tool), []byte(strings.Replace(script, "set --", "tool="+tool+"; set --", 1)), 0o755))
}

// runs runs a command of this folder and returns the calls of the stand-ins and the output.
func (m *machine) runs(t *testing.T, input, command string, settings ...string) (calls []string, output string, err error) {
	t.Helper()
	var rules strings.Builder
	rules.WriteString("case \"$tool $*\" in\n")
	for _, r := range append(slices.Clone(m.rules), works...) {
		// A pattern must not end at its first space.
		fmt.Fprintf(&rules, "%s) %s ;;\n", strings.NewReplacer(" ", `\ `, "{", `\{`, "}", `\}`).Replace(r.pattern), r.script)
	}
	rules.WriteString("esac\n")
	require.NoError(t, os.WriteFile(filepath.Join(m.folder, "rules"), []byte(rules.String()), 0o644))
	os.Remove(filepath.Join(m.folder, "calls"))
	c := exec.CommandContext(t.Context(), filepath.Join(m.folder, "bash"), filepath.Join(repository, "deploy/kubernetes/operate", command))
	c.Env, c.Stdin = append(slices.Clone(m.env), settings...), strings.NewReader(input)
	text, err := c.CombinedOutput()
	recorded, readErr := os.ReadFile(filepath.Join(m.folder, "calls"))
	if readErr == nil {
		calls = strings.Split(strings.TrimSpace(string(recorded)), "\n")
	}
	return calls, string(text), err
}

// application answers the calls of the smoke test as Snaptask does, except that the broken function answers 503.
func application(broken string) http.Handler {
	signedIn, exists, uploaded := false, false, false
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const task = `{"id":"1","title":"smoke test","upload":true,"imageStatus":"done","labels":["pier"]}`
		name := strings.TrimPrefix(r.URL.Path, "/function/")
		answer := func(status int, body string) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
		switch {
		case name == broken:
			answer(http.StatusServiceUnavailable, `{"error":{"code":"unavailable"}}`)
		case name == "/healthz":
			answer(http.StatusOK, "OK")
		case name == "login":
			signedIn = true
			answer(http.StatusOK, `{"token":"the-token","username":"demo"}`)
		case r.URL.Path == "/uploads/1":
			uploaded = r.Method == http.MethodPut && r.URL.Query().Get("signed") == "yes" && r.Header.Get("Content-Type") == "image/jpeg"
			answer(http.StatusOK, "")
		case !signedIn || r.Header.Get("Authorization") != "Bearer the-token":
			answer(http.StatusUnauthorized, "{}")
		case name == "logout":
			signedIn = false
			answer(http.StatusOK, "{}")
		case name == "create-task":
			exists = true
			answer(http.StatusOK, task)
		case !exists:
			answer(http.StatusNotFound, "{}")
		case name == "delete-task":
			exists = false
			answer(http.StatusOK, `{"deleted":"1"}`)
		case name == "upload-url":
			answer(http.StatusOK, `{"url":"/uploads/1?expires=600\u0026signed=yes","headers":{"Content-Type":"image/jpeg","X-Amz-Meta-Traceparent":"00"},"task":`+task+`}`)
		case name == "get-tasks" && uploaded:
			answer(http.StatusOK, strings.Replace(task, "pier", "missile", 1))
		case name == "get-image":
			answer(http.StatusOK, "\xff\xd8\xff\xe0")
		default:
			answer(http.StatusOK, task)
		}
	})
}
