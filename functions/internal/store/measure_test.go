package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"
	"snaptask/functions/telemetry"
	"snaptask/functions/telemetry/collectortest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

const traceparent, trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c"

func TestStatementsAreInTheTraceWithoutTheirValues(t *testing.T) {
	c := collectortest.New(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	db := testbed.Store(t)
	owner := testbed.SignIn(t, db).Owner
	flush, err := telemetry.Open("create-task")
	require.NoError(t, err)
	defer flush()
	ctx, call := telemetry.Start(t.Context(), "create-task", traceparent)
	added := testbed.AddTask(t, db, owner)
	_, err = db.Task(ctx, owner, added.ID)
	require.NoError(t, err)
	title := "never in a trace"
	change := task.Change{Version: &added.Version, Title: &title}
	_, err = db.UpdateTask(ctx, owner, added.ID, change)
	require.NoError(t, err)
	fields := call.Fields()
	require.Equal(t, "db_ms", fields[len(fields)-1].Key)
	flush()

	calls := map[string]bool{}
	verbs := map[string]int{}
	for _, s := range c.Trace(trace) {
		if s.Name == "database" {
			calls[s.SpanID] = true
		}
	}
	for _, s := range c.Trace(trace) {
		if s.Name == "database" {
			continue
		}
		require.True(t, calls[s.ParentID], "%s belongs to no call", s.Name)
		require.Equal(t, "mysql", s.Attributes["db.system.name"])
		require.True(t, strings.HasPrefix(s.Attributes["db.query.text"], s.Name))
		require.NotContains(t, s.Attributes["db.query.text"], title)
		verbs[s.Name]++
	}
	require.Len(t, calls, 2)
	for _, verb := range []string{"SELECT", "BEGIN", "UPDATE", "COMMIT"} {
		require.Positive(t, verbs[verb], verb)
	}
}

// outcomes returns how many calls of the database have ended in each way.
func outcomes(t *testing.T) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	telemetry.Register(registry)
	families, err := registry.Gather()
	require.NoError(t, err)
	counts := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range m.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			if family.GetName() == "dependency_calls_total" && labels["dependency"] == "database" {
				counts[labels["outcome"]] += m.GetCounter().GetValue()
			}
		}
	}
	return counts
}

func TestOnlyTheDatabasesFailuresAreCounted(t *testing.T) {
	db := testbed.Store(t)
	owner := testbed.SignIn(t, db).Owner
	before := outcomes(t)
	_, err := db.Task(t.Context(), owner, testbed.NewID(t))
	require.True(t, fault.Is(err, fault.NotFound))
	after := outcomes(t)
	require.Equal(t, before["error"], after["error"], "that there is no such task is not the database's fault")
	require.Greater(t, after["ok"], before["ok"])

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = db.Task(ctx, owner, testbed.NewID(t))
	require.True(t, errors.Is(err, context.Canceled))
	require.Greater(t, outcomes(t)["cancelled"], after["cancelled"])
}
