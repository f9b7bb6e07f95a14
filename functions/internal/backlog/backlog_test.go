package backlog

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snaptask/functions/internal/store"
	"snaptask/functions/telemetry"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

func TestBacklogIsReadOnceForManyScrapes(t *testing.T) {
	registry := prometheus.NewRegistry()
	telemetry.Register(registry)
	synctest.Test(t, func(t *testing.T) {
		var reads int
		var failure error
		remove := export(func(context.Context) (store.Backlog, error) {
			reads++
			return store.Backlog{
				PendingPhotos: store.Waiting{Count: 3, Oldest: time.Minute}, Uploads: store.Waiting{Count: 2, Oldest: time.Second},
			}, failure
		})
		defer remove()
		expect := func(metrics string) {
			t.Helper()
			require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(metrics), "snaptask_backlog", "snaptask_backlog_oldest_seconds"))
		}
		const readable = `# HELP snaptask_backlog Photos without labels, awaited uploads and deletions that are not done.
# TYPE snaptask_backlog gauge
snaptask_backlog{kind="deletions"} 0
snaptask_backlog{kind="pending_photos"} 3
snaptask_backlog{kind="uploads"} 2
# HELP snaptask_backlog_oldest_seconds Age of the oldest of the backlog.
# TYPE snaptask_backlog_oldest_seconds gauge
snaptask_backlog_oldest_seconds{kind="deletions"} 0
snaptask_backlog_oldest_seconds{kind="pending_photos"} 60
snaptask_backlog_oldest_seconds{kind="uploads"} 1
`
		expect(readable)
		time.Sleep(maxAge - time.Nanosecond)
		expect(readable)
		require.Equal(t, 1, reads)
		failure = errors.New("the database is away")
		time.Sleep(time.Nanosecond)
		expect("")
		expect("")
		require.Equal(t, 2, reads, "nor is a database that is away asked at each scrape")
		failure = nil
		time.Sleep(maxAge)
		expect(readable)
	})
}

func TestOnlyTheFunctionThatIsSetExports(t *testing.T) {
	registry := prometheus.NewRegistry()
	telemetry.Register(registry)
	Export(func() (*store.Store, error) { return nil, errors.New("not to be opened") })
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(""), "snaptask_backlog"))
}
