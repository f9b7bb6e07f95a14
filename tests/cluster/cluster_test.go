// Package cluster deploys Snaptask to the cluster of KUBECONFIG, in a namespace of its own, and uses it as people do: while servers are
// killed, during an upgrade, with more replicas, and after a restore from a backup. The script run documents what it needs.
package cluster

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/scenario"
)

func TestSnaptaskOnKubernetes(t *testing.T) {
	require.NotEmpty(t, os.Getenv("KUBECONFIG"), "KUBECONFIG must name the cluster: see tests/cluster/run")
	t.Logf("the cluster: %s", strings.ReplaceAll(strings.TrimSpace(kubectl(t, nil, "version")), "\n", ", "))
	name := "snaptask-test-" + strings.ToLower(rand.Text()[:6])
	all := plain(t, namespace(name))
	create(t, all, name)

	var d *deployment
	backup := filepath.Join(t.TempDir(), "backup.tar")
	const starts = "everything starts"
	passed, failed := 0, 0
	defer func() { t.Logf("%d passed, %d failed", passed, failed) }()
	for _, part := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"every overlay is accepted without a warning", func(t *testing.T) { overlaysAreAccepted(t, name) }},
		{starts, func(t *testing.T) { d = deploy(t, namespace(name), all) }},
		{"photos get labels", func(t *testing.T) {
			require.NoError(t, d.Register(t.Context(), scenario.Demo, scenario.Password))
			scenario.PhotosGetLabels(t, d.Client, d.objects(t))
		}},
		{"uploads are labelled by events", func(t *testing.T) { d.labelsUploads(t) }},
		{"users are separate", func(t *testing.T) { scenario.UsersAreSeparate(t, d.Client) }},
		{"sessions are required", func(t *testing.T) { scenario.SessionsAreRequired(t, d.Client) }},
		{"wrong input is refused", func(t *testing.T) { scenario.WrongInputIsRefused(t, d.Client) }},
		{"faas-cli's requests", func(t *testing.T) { scenario.ReadsByPOST(t, d.Client, "get-tasks") }},
		{"the scheduled sweep succeeds at once", func(t *testing.T) { d.sweepsOnSchedule(t) }},
		{"nothing acknowledged is lost when servers are replaced", func(t *testing.T) { d.losesServers(t) }},
		{"uploads outlive servers that are replaced", func(t *testing.T) { d.uploadsOutliveServers(t) }},
		{"no request fails during an upgrade", func(t *testing.T) { d.upgrades(t) }},
		{"two migrations at once succeed on a current database", func(t *testing.T) { d.migratesTwice(t) }},
		{"all replicas answer", func(t *testing.T) { d.scales(t) }},
		{"tasks and stored images match in a backup", func(t *testing.T) { d.backsUp(t, backup) }},
		{"a backup restores an empty Snaptask and no other", func(t *testing.T) { d.restores(t, backup) }},
		{"logs reveal nothing", func(t *testing.T) { d.hasDiscreetLogs(t) }},
	} {
		if t.Run(part.name, part.run) {
			passed++
			continue
		}
		failed++
		namespace(name).describe(t)
		if part.name == starts {
			return
		}
	}
}

// overlaysAreAccepted lets the API server validate every overlay in a dry run. Only the namespaces are actually created, under new
// names, since their labels restrict pods.
func overlaysAreAccepted(t *testing.T, prefix string) {
	overlays, err := filepath.Glob(filepath.Join(scenario.Root(t), "deploy", "kubernetes", "overlays", "*", "kustomization.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, overlays)
	taken := map[int]bool{}
	var services struct{ Items []object }
	require.NoError(t, json.Unmarshal([]byte(kubectl(t, nil, "get", "services", "--all-namespaces", "--output=json")), &services))
	for _, service := range services.Items {
		for _, port := range service.Spec.Ports {
			taken[port.NodePort] = true
		}
	}
	for _, path := range overlays {
		folder := filepath.Dir(path)
		overlay := filepath.Base(folder)
		t.Run(overlay, func(t *testing.T) {
			all := render(t, folder)
			names := moved(all, taken, func(name string) string { return prefix + "-" + overlay + "-" + name })
			require.NotEmpty(t, names, "an overlay must contain its namespaces")
			create(t, all, names...)
			said := kubectl(t, text(t, all, ""), "apply", "--dry-run=server", "--validate=strict", "--filename=-")
			t.Logf("%d objects in %s", strings.Count(said, "\n"), strings.Join(names, ", "))
			require.Equal(t, len(all), strings.Count(said, "\n"))
		})
	}
}
