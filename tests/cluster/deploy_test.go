package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// image is an entry of a kustomization.
type image struct {
	Name    string `yaml:"name"`
	NewName string `yaml:"newName,omitempty"`
	NewTag  string `yaml:"newTag,omitempty"`
}

// imageOf returns the entry that replaces an image by NAME:TAG.
func imageOf(t *testing.T, name, by string) image {
	t.Helper()
	colon := strings.LastIndex(by, ":")
	require.Greater(t, colon, strings.LastIndex(by, "/"), "%q has no tag", by)
	return image{name, by[:colon], by[colon+1:]}
}

// ours returns the full name of an image of Snaptask.
func ours(name string) string {
	return fmt.Sprintf("%s/%s:%s", cmp.Or(os.Getenv("IMAGE_PREFIX"), "snaptask"), name, cmp.Or(os.Getenv("IMAGE_TAG"), "dev"))
}

// plain renders the overlay plain for a namespace, with the model server instead of TensorFlow Serving and with the test's images.
func plain(t *testing.T, n namespace) []manifest {
	t.Helper()
	deploy := filepath.Join(scenario.Root(t), "deploy", "kubernetes")
	// A kustomization names others by relative paths.
	folder, err := os.MkdirTemp(deploy, "test-")
	require.NoError(t, err)
	defer os.RemoveAll(folder)
	var images []image
	for _, name := range ownImages(render(t, filepath.Join(deploy, "overlays", "plain"))) {
		by := ours(name)
		if name == "modelserver" {
			by = cmp.Or(os.Getenv("MODELSERVER_IMAGE"), by)
		}
		images = append(images, imageOf(t, "snaptask/"+name, by))
	}
	for name, variable := range map[string]string{"mysql": "MYSQL_IMAGE", "quay.io/minio/minio": "MINIO_IMAGE"} {
		if by := os.Getenv(variable); by != "" {
			images = append(images, imageOf(t, name, by))
		}
	}
	kustomization, err := yaml.Marshal(map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "namespace": string(n),
		"resources": []string{"../overlays/plain"}, "components": []string{"../components/modelserver"}, "images": images,
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "kustomization.yaml"), kustomization, 0o600))
	all := render(t, folder)
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

// ownImages returns the names of Snaptask's own images in manifests.
func ownImages(all []manifest) (names []string) {
	for _, m := range all {
		visit(map[string]any(m), func(node map[string]any) {
			if name, ok := node["image"].(string); ok && strings.HasPrefix(name, "snaptask/") {
				names = append(names, strings.Split(name[len("snaptask/"):], ":")[0])
			}
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
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

// twin is a second Job of the migration that runs at the same time.
const twin = "migrate-twin"

// deploy applies all manifests and waits until everything works.
func deploy(t *testing.T, n namespace, all []manifest) *deployment {
	t.Helper()
	d := &deployment{namespace: n, manifests: all}
	for _, m := range all {
		labels, _ := m.metadata()["labels"].(map[string]any)
		if m["kind"] == "Deployment" && labels["app.kubernetes.io/component"] == "function" {
			d.functions = append(d.functions, m.metadata()["name"].(string))
		}
	}
	table, err := stack.Read(filepath.Join(scenario.Root(t), "stack.yml"))
	require.NoError(t, err)
	require.ElementsMatch(t, slices.Collect(maps.Keys(table.Functions)), d.functions)

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
	var service, node object
	for _, o := range n.list(t, "service", "app.kubernetes.io/name=webapp") {
		service = o
	}
	for _, o := range n.list(t, "node", "") {
		node = o
	}
	client := http.Client{Timeout: 5 * time.Second}
	for _, a := range node.Status.Addresses {
		if a.Type != "InternalIP" || len(service.Spec.Ports) == 0 || service.Spec.Ports[0].NodePort == 0 {
			continue
		}
		url := fmt.Sprintf("http://%s:%d", a.Address, service.Spec.Ports[0].NodePort)
		if answer, err := client.Get(url + "/healthz"); err == nil {
			answer.Body.Close()
			return url
		}
	}
	return "http://" + n.forward(t, "webapp", 8080)
}

// step logs how long a step took.
func step(t *testing.T, what string, do func()) {
	t.Helper()
	begun := time.Now()
	do()
	t.Logf("%6.1f s  %s", time.Since(begun).Seconds(), what)
}
