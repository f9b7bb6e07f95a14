// Package cluster deploys Snaptask to the cluster of KUBECONFIG, in a namespace of its own, and uses it as people do: while its
// servers die, while all of it is rolled to a new version, with more replicas, and restored from a backup. `make e2e-kubernetes`
// says what it wants.
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
	require.NotEmpty(t, os.Getenv("KUBECONFIG"), "KUBECONFIG must name the cluster; its images, see `make help`")
	t.Logf("the cluster: %s", strings.ReplaceAll(strings.TrimSpace(kubectl(t, nil, "version")), "\n", ", "))
	name := "snaptask-e2e-" + strings.ToLower(rand.Text()[:6])
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
			d.Register(t, scenario.Demo)
			scenario.PhotosGetLabels(t, d.Snaptask, d.stored(t))
		}},
		{"two people never meet", func(t *testing.T) { scenario.TwoPeopleNeverMeet(t, d.Snaptask) }},
		{"nothing without permission", func(t *testing.T) { scenario.NothingWithoutPermission(t, d.Snaptask) }},
		{"wrong input is refused", func(t *testing.T) { scenario.WrongInputIsRefused(t, d.Snaptask) }},
		{"faas-cli's requests", func(t *testing.T) { scenario.InvokedByPOST(t, d.Snaptask, "get-tasks") }},
		{"nothing acknowledged is lost when servers die", func(t *testing.T) { d.serversDie(t) }},
		{"no request fails while everything is rolled to a new version", func(t *testing.T) { d.rolls(t) }},
		{"the migration runs twice at once again", func(t *testing.T) { d.migratesTwice(t) }},
		{"five pods answer", func(t *testing.T) { d.scales(t) }},
		{"every picture that is stored has a task, and every task its picture", func(t *testing.T) { d.belongsTogether(t, backup) }},
		{"a backup fills an empty Snaptask, and no other", func(t *testing.T) { d.restores(t, backup) }},
		{"logs reveal nothing", func(t *testing.T) { d.isDiscreet(t) }},
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

// overlaysAreAccepted has the API server check every overlay as if it were applied. Namespaces are made for it, under names of
// the test's own, since what they say about the security of pods counts.
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
			require.NotEmpty(t, names, "an overlay brings its namespaces")
			create(t, all, names...)
			said := kubectl(t, text(t, all, ""), "apply", "--dry-run=server", "--validate=strict", "--filename=-")
			t.Logf("%d objects in %s", strings.Count(said, "\n"), strings.Join(names, ", "))
			require.Equal(t, len(all), strings.Count(said, "\n"))
		})
	}
}
