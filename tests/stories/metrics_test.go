package stories

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/deploy/local/observe"
	"snaptask/deploy/local/run"
	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

// ofKubernetes are the metrics that Kubernetes exports, not the application.
var ofKubernetes = regexp.MustCompile(`^(kube|kubelet)_`)

// everyMetricIsExported checks that the application exports what the alerts and the dashboard read, and nothing is read from a program
// that is not there.
func everyMetricIsExported(t *testing.T, a *application.Application) {
	text, err := os.ReadFile(filepath.Join(a.State, run.TargetsFile))
	require.NoError(t, err)
	var targets []struct {
		Targets []string
		Labels  map[string]string
	}
	require.NoError(t, json.Unmarshal(text, &targets))
	exported := map[string]bool{"up": true} // of Prometheus itself
	for _, target := range targets {
		path := "/metrics"
		if own := target.Labels["__metrics_path__"]; own != "" {
			path = own
		}
		answer, err := client.Send(t.Context(), http.MethodGet, "http://"+target.Targets[0]+path, "", nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.Status, target.Labels["instance"])
		for line := range strings.Lines(string(answer.Body)) {
			if !strings.HasPrefix(line, "#") {
				exported[regexp.MustCompile(`^[^{ ]+`).FindString(line)] = true
			}
		}
	}
	names, err := observe.MetricNames(scenario.Root(t))
	require.NoError(t, err)
	require.Contains(t, names, "http_requests_total")
	for _, name := range names {
		if !ofKubernetes.MatchString(name) {
			require.True(t, exported[name], "alerts or dashboard read %s, which no program exports", name)
		}
	}
}
