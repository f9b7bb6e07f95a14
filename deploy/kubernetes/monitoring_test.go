package kubernetes

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMonitoringIsInTheNamespaceOfTheOverlay renders the component for the Prometheus Operator. deploy/local/observe tests its alerts.
func TestMonitoringIsInTheNamespaceOfTheOverlay(t *testing.T) {
	t.Parallel()
	all, err := kustomize("testdata/monitored") // not in rendered: its kinds are not those of every cluster
	require.NoError(t, err)
	found := map[string]bool{}
	for _, o := range all {
		switch o.Kind {
		case "PodMonitor":
			require.Len(t, o.Spec.Endpoints, 1, o)
		case "PrometheusRule":
			require.NotEmpty(t, o.Spec.Groups)
		case "ConfigMap":
			if o.Metadata.Labels["grafana_dashboard"] != "1" {
				continue
			}
			require.True(t, json.Valid([]byte(o.Data["snaptask.json"])), "Grafana's sidecar reads JSON files")
		default:
			continue
		}
		require.Equal(t, "other", o.Metadata.Namespace, o)
		require.Equal(t, "snaptask", o.Metadata.Labels["app.kubernetes.io/part-of"], o)
		found[o.Kind+" "+o.Metadata.Name] = true
	}
	require.Equal(t, map[string]bool{
		"PodMonitor snaptask": true, "PodMonitor snaptask-functions": true, "PrometheusRule snaptask": true, "ConfigMap dashboard-snaptask": true,
	}, found)
}
