// Package operate tests the scripts of this folder with stand-ins for all tools.
package operate

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireInOrder requires a call with each prefix, in this order.
func requireInOrder(t *testing.T, calls []string, prefixes ...string) {
	t.Helper()
	at := 0
	for _, prefix := range prefixes {
		i := slices.IndexFunc(calls[at:], func(call string) bool { return strings.HasPrefix(call, prefix) })
		require.GreaterOrEqual(t, i, 0, "no %q after call %d of\n%s", prefix, at, strings.Join(calls, "\n"))
		at += i + 1
	}
}

func requireNoCall(t *testing.T, calls []string, prefix string) {
	t.Helper()
	require.False(t, slices.ContainsFunc(calls, func(call string) bool { return strings.HasPrefix(call, prefix) }), "%s in\n%s", prefix, strings.Join(calls, "\n"))
}

func TestUpInstallsEverythingInOrder(t *testing.T) {
	t.Parallel()
	m := newMachine(t, application(""))
	m.rules = []rule{
		{"kubectl get secret basic-auth --namespace openfaas|kubectl get secret demo-account --namespace snaptask", "exit 1"},
		{"kubectl get namespace *", "exit 1"},
	}
	calls, output, err := m.runs(t, "", "up")
	require.NoError(t, err, output)
	requireInOrder(t, calls,
		"minikube start --profile snaptask --kubernetes-version v1.34.0 --container-runtime docker --cni calico --insecure-registry 10.96.0.0/12",
		"minikube addons enable registry",
		"make --no-print-directory webapp/server/dist/index.html",
		"minikube docker-env",
		"docker build --file db/Dockerfile --tag 10.96.7.7/snaptask/migrate:seven",
		"docker push 10.96.7.7/snaptask/migrate:seven",
		"faas-cli build --yaml stack.yml",
		"faas-cli push --yaml stack.yml",
		"kubectl kustomize deploy/kubernetes/overlays/minikube",
		"kubectl create namespace snaptask", "kubectl create namespace openfaas", "kubectl create namespace openfaas-fn",
		"kubectl create secret generic demo-account", "kubectl create secret generic basic-auth",
		"go run ./deploy/kubernetes/secrets snaptask openfaas-fn",
		"helm upgrade --install openfaas openfaas --repo https://openfaas.github.io/faas-netes/ --version 15.0.6",
		"kubectl delete job migrate bucket", "kubectl apply",
		"kubectl rollout status statefulsets/mysql", "kubectl get job migrate", "kubectl get job bucket", "kubectl rollout status deployments/webapp",
		"faas-cli login", "faas-cli deploy --yaml stack.yml",
		"kubectl rollout status deployment/register", "kubectl rollout status deployment/delete-image",
		"kubectl get deployment register", "kubectl get pods --namespace openfaas-fn --selector faas_function=delete-image",
		"kubectl exec --stdin housekeeping-1 --namespace snaptask --container sweep -- /program user add --password-stdin demo",
	)
	for _, call := range calls {
		require.NotContains(t, call, "the-password")
		require.NotContains(t, call, "the-token")
	}
	require.Regexp(t, `(?m)^Smoke test +\d+ s$`, output)
	for _, words := range []string{"http://127.0.0.9:31180", "http://127.0.0.9:31112/function/NAME", "user demo, password: the-password", "service/minio 9090:9090", "export KUBECONFIG=" + m.state} {
		require.Contains(t, output, words)
	}

	m.rules = nil // now everything exists
	calls, output, err = m.runs(t, "", "up")
	require.NoError(t, err, output)
	requireNoCall(t, calls, "kubectl create namespace")
	requireNoCall(t, calls, "kubectl create secret")
}

func TestUpNamesEveryMissingAndOldTool(t *testing.T) {
	t.Parallel()
	m := newMachine(t, application(""), "minikube", "docker", "helm", "faas-cli")
	m.rules = []rule{{"kubectl version *", "echo Client Version: v1.28.3"}, {"node --version", "echo v18.1.0"}, {"go env *", ":"}}
	calls, output, err := m.runs(t, "", "up")
	require.Error(t, err)
	for _, words := range []string{
		"minikube is missing: version 1.37 or later, from https://minikube.sigs.k8s.io/docs/start",
		"docker is missing: ", "helm is missing: ", "faas-cli is missing: ",
		"kubectl is 1.28.3; version 1.33 or later is needed, from https://", "node is 18.1.0; version 20 or later is needed",
		"go has no known version",
	} {
		require.Contains(t, output, words)
	}
	require.Len(t, calls, 3, "nothing is done")
}

func TestUpNeedsOnlyWhatItUses(t *testing.T) {
	t.Parallel()
	m := newMachine(t, application(""), "minikube", "docker", "helm", "faas-cli", "node", "make")
	for i := range works {
		m.rules = append(m.rules, rule{works[i].pattern, strings.ReplaceAll(strings.ReplaceAll(works[i].script, "10.96.7.7", "registry.example.org"), "#faas_function=", "#app.kubernetes.io/name=")})
	}
	calls, output, err := m.runs(t, "", "up", "CLUSTER=current", "BUILD=no", "IMAGE_PREFIX=registry.example.org/snaptask", "NAMESPACE=tasks")
	require.NoError(t, err, output)
	requireInOrder(t, calls, "kubectl kustomize deploy/kubernetes/overlays/plain", "go run ./deploy/kubernetes/secrets tasks", "kubectl rollout status deployments/webapp")
	overlay, err := os.ReadFile(filepath.Join(m.state, "kubernetes/overlay/kustomization.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(overlay), "namespace: tasks\n")
	require.Contains(t, string(overlay), `{name: snaptask/webapp, newName: registry.example.org/snaptask/webapp, newTag: "seven"}`)
	require.NotContains(t, string(overlay), "modelserver")
	require.NotContains(t, output, "KUBECONFIG")
}

func TestModelServerReplacesTensorFlowServingOnOtherArchitectures(t *testing.T) {
	t.Parallel()
	m := newMachine(t, application(""))
	m.rules = []rule{{"kubectl get nodes *", "printf 'amd64 arm64'"}}
	_, output, err := m.runs(t, "", "up")
	require.NoError(t, err, output)
	overlay, err := os.ReadFile(filepath.Join(m.state, "kubernetes/overlay/kustomization.yaml"))
	require.NoError(t, err)
	require.Regexp(t, `components: \[[./]+.*deploy/kubernetes/components/modelserver\]`, string(overlay))
	require.Contains(t, string(overlay), "snaptask/modelserver, newName: 10.96.7.7/snaptask/modelserver")
}

func TestArkadeFetchesHelm(t *testing.T) {
	t.Parallel()
	m := newMachine(t, application(""), "helm")
	m.standIn(t, "arkade")
	m.rules = []rule{{"arkade get helm", `mkdir -p "$HOME/.arkade/bin" && printf '#!/bin/sh\necho "helm $*" >>"$HOME/calls"\n' >"$HOME/.arkade/bin/helm" && /bin/chmod +x "$HOME/.arkade/bin/helm"`}}
	calls, output, err := m.runs(t, "", "up")
	require.NoError(t, err, output)
	requireInOrder(t, calls, "arkade get helm", "helm upgrade --install openfaas")
}

func TestUpReportsTheFailureAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules   []rule
		broken  string // function
		words   []string
		nothing string // a call that must not follow
	}{
		"minikube":       {rules: []rule{{"minikube start *", "echo no virtualisation here; exit 1"}}, words: []string{"minikube  .*failed after", "no virtualisation here"}, nothing: "docker build"},
		"a build":        {rules: []rule{{"docker build --file webapp/*", "echo no space left; exit 1"}}, words: []string{"Images seven .*failed", "no space left"}, nothing: "kubectl apply"},
		"a push":         {rules: []rule{{"faas-cli push *", "echo http: server gave HTTP response to HTTPS client; exit 1"}}, words: []string{"HTTP response to HTTPS"}, nothing: "kubectl apply"},
		"a secret":       {rules: []rule{{"go run *", "echo secrets: the Secret mysql-dsn is not the same; exit 1"}}, words: []string{"not the same"}, nothing: "helm upgrade"},
		"the chart":      {rules: []rule{{"helm upgrade *", "echo context deadline exceeded; exit 1"}}, words: []string{"OpenFaaS 15.0.6 .*failed", "deadline"}, nothing: "kubectl apply"},
		"a job":          {rules: []rule{{"kubectl get job migrate *", "printf 'Failed '"}, {"kubectl logs *job-name=migrate *", "echo migrate: the server is unavailable"}}, words: []string{"the job migrate is not complete", "the server is unavailable"}, nothing: "faas-cli deploy"},
		"a rollout":      {rules: []rule{{"kubectl rollout status deployment/login *", "exit 1"}, {"kubectl get pods *faas_function=login *go-template*", "echo login-1: ImagePullBackOff manifest unknown"}}, words: []string{"  login .*failed", "login-1: ImagePullBackOff manifest unknown"}, nothing: "kubectl get deployment register"},
		"a refused one":  {rules: []rule{{"kubectl get deployment login *image}", "printf 10.96.7.7/snaptask/login:six"}}, words: []string{"login is set to run 10.96.7.7/snaptask/login:six, not 10.96.7.7/snaptask/login:seven: its update was refused", "container faas-netes"}, nothing: "kubectl exec"},
		"another digest": {rules: []rule{{"kubectl get pods *faas_function=login *imageID}*", "echo ' 10.96.7.7/snaptask/login:seven docker-pullable://10.96.7.7/snaptask/login@sha256:old'"}}, words: []string{`login has a pod that runs .*@sha256:old\), not .*login:seven \(sha256:login\)`}, nothing: "kubectl exec"},
		"no pod":         {rules: []rule{{"kubectl get pods *faas_function=login *imageID}*", ":"}}, words: []string{"login has no running pod"}, nothing: "kubectl exec"},
		"an upload":      {broken: "upload-url", words: []string{"Smoke test .*failed", "upload-url[?]id=1 answered 503 instead of 200"}, nothing: "kubectl get service webapp"},
		"function":       {broken: "predict-image", words: []string{"Smoke test .*failed", "predict-image[?]id=1 answered 503 instead of 200", `"code":"unavailable"`}, nothing: "kubectl get service webapp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, application(c.broken))
			m.rules = c.rules
			calls, output, err := m.runs(t, "", "up")
			require.Error(t, err, output)
			for _, words := range c.words {
				require.Regexp(t, regexp.MustCompile(words), output)
			}
			requireNoCall(t, calls, c.nothing)
			if strings.HasPrefix(name, "a ") { // an interrupted run can be repeated
				m.rules = nil
				_, output, err = m.runs(t, "", "up")
				require.NoError(t, err, output)
			}
		})
	}
}

func TestInvalidSettingsAreRefused(t *testing.T) {
	t.Parallel()
	m := newMachine(t, application(""))
	for setting, words := range map[string]string{
		"CLUSTER=kind": "neither minikube nor current", "OVERLAY=none": "neither minikube nor plain", "NAMESPACE=other": "the namespace is snaptask",
		"FUNCTIONS_BY=magic": "neither openfaas nor deployments", "IMAGE_TAG=1.4.0@sha256:0123": "is not a tag",
	} {
		calls, output, err := m.runs(t, "", "up", setting)
		require.Error(t, err, setting)
		require.Contains(t, output, words)
		require.Empty(t, calls)
	}
	_, output, err := m.runs(t, "", "up", "CLUSTER=current", "BUILD=no")
	require.Error(t, err)
	require.Contains(t, output, "registry.example.org/snaptask")
}

func TestDownKeepsData(t *testing.T) {
	t.Parallel()
	m := newMachine(t, application(""))
	calls, output, err := m.runs(t, "", "down")
	require.NoError(t, err, output)
	require.Equal(t, []string{"minikube stop --profile snaptask"}, calls)

	calls, output, err = m.runs(t, "", "down", "CLUSTER=current")
	require.NoError(t, err, output)
	for _, call := range calls {
		require.NotRegexp(t, "delete.*(namespace[^=]*s|secret|persistentvolume)", strings.ReplaceAll(call, "--namespace", ""))
	}
}

func TestPurgeAsksFirst(t *testing.T) {
	t.Parallel()
	m := newMachine(t, application(""))
	for _, answer := range []string{"", "no\n", "y\n"} {
		calls, output, err := m.runs(t, answer, "purge")
		require.Error(t, err)
		require.Contains(t, output, "nothing was deleted")
		require.Empty(t, calls)
	}
	config := filepath.Join(m.state, "kubernetes", "config")
	require.NoError(t, os.MkdirAll(filepath.Dir(config), 0o700))
	require.NoError(t, os.WriteFile(config, nil, 0o600))
	calls, _, err := m.runs(t, "", "purge", "CLUSTER=current", "NAMESPACE=tasks", "CONFIRM=yes")
	require.NoError(t, err)
	requireInOrder(t, calls, "kubectl delete namespace tasks --ignore-not-found")
	require.FileExists(t, config, "the kubeconfig of minikube's cluster, which still exists")
	calls, _, err = m.runs(t, "yes\n", "purge")
	require.NoError(t, err)
	require.Equal(t, []string{"minikube delete --profile snaptask"}, calls)
	require.NoFileExists(t, config)
}
