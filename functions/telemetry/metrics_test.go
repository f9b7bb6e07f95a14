package telemetry

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

func TestGaugesOfOneNameAreAddedUp(t *testing.T) {
	registry := prometheus.NewRegistry()
	Register(prometheus.WrapRegistererWith(prometheus.Labels{"function_name": "get-tasks"}, registry))
	gauge := func(open float64) (remove func()) {
		return Gauge("test_connections", "Connections.", "state", func() map[string]float64 { return map[string]float64{"open": open} })
	}
	expect := func(values string) {
		t.Helper()
		require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(values), "test_connections"))
	}
	const head = "# HELP test_connections Connections.\n# TYPE test_connections gauge\n"
	removeFirst, removeSecond := gauge(2), gauge(3)
	expect(head + `test_connections{function_name="get-tasks",state="open"} 5` + "\n")
	removeFirst()
	expect(head + `test_connections{function_name="get-tasks",state="open"} 3` + "\n")
	removeSecond()
	expect("")
}

func TestBuildInfoHasTheImagesVersion(t *testing.T) {
	t.Setenv("VERSION", "1.2")
	t.Setenv("REVISION", "abc")
	registry := prometheus.NewRegistry()
	Register(registry)
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == "build_info" {
			labels := map[string]string{}
			for _, label := range family.GetMetric()[0].GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			require.Equal(t, "1.2", labels["version"])
			require.Equal(t, "abc", labels["revision"])
			return
		}
	}
	t.Error("no build_info")
}
