package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

// fieldsOf returns the fields of a call's log line by name.
func fieldsOf(c *Call) map[string]slog.Value {
	all := map[string]slog.Value{}
	for _, field := range c.Fields() {
		all[field.Key] = field.Value
	}
	return all
}

func TestFieldsHaveTheTimeOfEachPart(t *testing.T) {
	ctx, call := Start(t.Context(), "get-tasks", "")
	for range 2 {
		_, end := Begin(ctx, Database, "database")
		time.Sleep(20 * time.Millisecond)
		end(nil)
	}
	Fail(ctx, "no_picture")
	call.End(false)
	fields := fieldsOf(call)
	require.Len(t, fields, 2)
	require.Equal(t, "no_picture", fields["code"].String())
	require.GreaterOrEqual(t, fields["db_ms"].Float64(), 40.0)
}

func TestPartsAtTheSameTimeCountOnce(t *testing.T) {
	call := &Call{}
	began := time.Now()
	call.begin(Objects, began)
	call.begin(Objects, began.Add(time.Second))
	call.end(Objects, began.Add(2*time.Second))
	call.end(Objects, began.Add(3*time.Second))
	call.begin(Objects, began.Add(10*time.Second))
	require.Equal(t, 5*time.Second, call.totals(began.Add(12 * time.Second))[Objects], "a part that still runs counts until now")
	call.end(Objects, began.Add(14*time.Second))
	require.Equal(t, 7*time.Second, call.totals(began.Add(time.Hour))[Objects])
}

func TestOutcomesAreCountedByDependency(t *testing.T) {
	for err, outcome := range map[error]outcome{
		nil:                                   ok,
		errors.New("refused"):                 failed,
		errors.Join(context.DeadlineExceeded): timedOut,
		errors.Join(errors.New("x"), context.Canceled): cancelled,
	} {
		counter := calls[Classifier][outcome]
		before := testutil.ToFloat64(counter)
		_, end := Begin(context.Background(), Classifier, "predict")
		end(err)
		require.Equal(t, before+1, testutil.ToFloat64(counter), "%v", err)
	}
}

func TestPartsOutsideACallAreMeasuredToo(t *testing.T) {
	before := testutil.ToFloat64(calls[Database][ok])
	ctx, end := Begin(context.Background(), Database, "database")
	end(nil)
	require.Equal(t, context.Background(), ctx)
	require.Equal(t, before+1, testutil.ToFloat64(calls[Database][ok]))
	Fail(ctx, "ignored")
	require.Equal(t, slog.Attr{}, TraceField(ctx))
}

func TestPartsCostLittleWithoutTraces(t *testing.T) {
	ctx, _ := Start(t.Context(), "get-tasks", "")
	allocations := testing.AllocsPerRun(100, func() {
		ctx, end := Begin(ctx, Database, "database")
		Step(ctx, "SELECT", "db.query.text", "SELECT 1")(nil)
		end(nil)
	})
	require.LessOrEqual(t, allocations, 1.0)
}

func BenchmarkCallWithoutTraces(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ctx, call := Start(b.Context(), "get-tasks", "")
		ctx, end := Begin(ctx, Database, "database")
		Step(ctx, "SELECT", "db.query.text", "SELECT 1")(nil)
		end(nil)
		call.End(false)
	}
}
