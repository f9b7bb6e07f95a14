package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"snaptask/functions/stack"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// deployment is Snaptask in a namespace.
type deployment struct {
	namespace
	client.Client // at the web app
	functions     []string
	manifests     []manifest
}

// ours returns the full name of an image of Snaptask.
func ours(name, tag string) string {
	return fmt.Sprintf("%s/%s:%s", cmp.Or(os.Getenv("IMAGE_PREFIX"), "snaptask"), name, tag)
}

// replacement returns the image that the test uses in place of one of the manifests.
func replacement(image string) string {
	name, _, _ := strings.Cut(image, ":")
	if own, found := strings.CutPrefix(name, "snaptask/"); found {
		image = ours(own, cmp.Or(os.Getenv("IMAGE_TAG"), "dev"))
	}
	switch name {
	case "mysql":
		return cmp.Or(os.Getenv("MYSQL_IMAGE"), image)
	case "quay.io/minio/minio":
		return cmp.Or(os.Getenv("MINIO_IMAGE"), image)
	case "snaptask/modelserver":
		return cmp.Or(os.Getenv("MODELSERVER_IMAGE"), image)
	default:
		return image
	}
}

// plain renders the overlay plain for a namespace, with the model server instead of TensorFlow Serving, and with the test's images.
func plain(t *testing.T, n namespace) []manifest {
	t.Helper()
	deploy := filepath.Join(scenario.Root(t), "deploy", "kubernetes")
	// A kustomization refers to others by relative paths.
	folder, err := os.MkdirTemp(deploy, "test-")
	require.NoError(t, err)
	defer os.RemoveAll(folder)
	kustomization, err := yaml.Marshal(map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "namespace": string(n),
		"resources": []string{"../overlays/plain"}, "components": []string{"../components/modelserver"},
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "kustomization.yaml"), kustomization, 0o600))
	all := render(t, folder)
	for _, m := range all {
		visit(map[string]any(m), func(node map[string]any) {
			if image, ok := node["image"].(string); ok {
				node["image"] = replacement(image)
			}
		})
	}
	if os.Getenv("RESERVE") == "0" {
		reserveNoCPU(all)
	}
	return all
}

// reserveNoCPU lowers all CPU requests, so that everything starts on a small or shared cluster.
func reserveNoCPU(all []manifest) {
	for _, m := range all {
		visit(map[string]any(m), func(node map[string]any) {
			if requests, ok := node["requests"].(map[string]any); ok && requests["cpu"] != nil {
				requests["cpu"] = "1m"
			}
		})
	}
}

// visit calls do with every map in a manifest.
func visit(node any, do func(map[string]any)) {
	switch node := node.(type) {
	case map[string]any:
		do(node)
		for _, below := range node {
			visit(below, do)
		}
	case []any:
		for _, below := range node {
			visit(below, do)
		}
	}
}

// create makes namespaces and deletes them when the test ends, unless KEEP=1.
func create(t *testing.T, all []manifest, names ...string) {
	t.Helper()
	kubectl(t, text(t, all, "Namespace"), "apply", "--filename=-")
	t.Cleanup(func() {
		if os.Getenv("KEEP") == "1" {
			t.Logf("kept: %s", strings.Join(names, ", "))
			return
		}
		// The test's own context has ended.
		out, err := exec.Command("kubectl", append([]string{"delete", "namespace", "--timeout=180s"}, names...)...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// twin is a second, concurrent Job of the migration.
const twin = "migrate-twin"

// deploy applies all manifests and waits until everything works.
func deploy(t *testing.T, n namespace, all []manifest) *deployment {
	t.Helper()
	d := &deployment{namespace: n, manifests: all}
	table, err := stack.Read(filepath.Join(scenario.Root(t), "stack.yml"))
	require.NoError(t, err)
	for name := range table.Functions {
		find(t, all, "Deployment", name)
		d.functions = append(d.functions, name)
	}

	step(t, "secrets", func() {
		secrets := exec.CommandContext(t.Context(), "go", "run", "./deploy/kubernetes/secrets", string(n))
		secrets.Dir = scenario.Root(t)
		out, err := secrets.CombinedOutput()
		require.NoError(t, err, "%s", out)
	})
	step(t, "apply", func() {
		kubectl(t, text(t, append(all, find(t, all, "Job", "migrate").named(t, twin)), ""), "apply", "--validate=strict", "--filename=-")
	})
	step(t, "databases and object store", func() { n.rolled(t, "statefulset") })
	step(t, "two migrations at once on an empty database, and bucket", func() { n.done(t, "migrate", twin, "bucket") })
	step(t, "functions, web app and model server", func() { n.rolled(t, "deployment") })
	d.URL = n.address(t)
	t.Logf("the web app is at %s", d.URL)
	return d
}

// address returns the web app's URL: at its node port, or at a forwarded port if that can't be reached.
func (n namespace) address(t *testing.T) string {
	t.Helper()
	host := n.kubectl(t, "get", "nodes", `--output=jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}`)
	port := n.kubectl(t, "get", "service/webapp", "--output=jsonpath={.spec.ports[0].nodePort}")
	if len(strings.Fields(host)) > 0 && port != "" {
		url := "http://" + net.JoinHostPort(strings.Fields(host)[0], port)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := client.Send(ctx, http.MethodGet, url+"/healthz", "", nil); err == nil {
			return url
		}
	}
	return "http://" + n.forward(t, "webapp", 8080)
}

// step runs a step and logs how long it took.
func step(t *testing.T, what string, do func()) {
	t.Helper()
	begun := time.Now()
	do()
	t.Logf("%6.1f s  %s", time.Since(begun).Seconds(), what)
}
