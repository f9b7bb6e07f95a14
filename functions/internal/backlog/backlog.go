// Package backlog exports how much work waits for functions or the sweep: photos without labels, uploads and deletions.
package backlog

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/store"
	"snaptask/functions/telemetry"
)

const (
	maxAge  = 15 * time.Second // of the values: the database is asked once in that time, however often they are scraped
	timeout = 3 * time.Second  // less than Prometheus waits for a scrape
)

// Export adds the backlog to the metrics of the function that calls it if BACKLOG_METRICS is on: stack.yml sets that for one function.
// Each of its replicas exports the same values. open returns the function's store.
func Export(open func() (*store.Store, error)) {
	if config.New().Text("BACKLOG_METRICS", "off") == "on" {
		export(func(ctx context.Context) (store.Backlog, error) {
			db, err := open()
			if err != nil {
				return store.Backlog{}, err
			}
			return db.Backlog(ctx)
		})
	}
}

func export(read func(context.Context) (store.Backlog, error)) (remove func()) {
	values := &recent{read: read}
	removeCounts := telemetry.Gauge("snaptask_backlog", "Photos without labels, awaited uploads and deletions that are not done.", "kind",
		func() map[string]float64 { return values.by(func(w store.Waiting) float64 { return float64(w.Count) }) })
	removeAges := telemetry.Gauge("snaptask_backlog_oldest_seconds", "Age of the oldest of the backlog.", "kind",
		func() map[string]float64 {
			return values.by(func(w store.Waiting) float64 { return w.Oldest.Seconds() })
		})
	return func() {
		removeCounts()
		removeAges()
	}
}

// recent keeps what was read last, or that it could not be read.
type recent struct {
	read func(context.Context) (store.Backlog, error)

	mu      sync.Mutex
	at      time.Time
	backlog store.Backlog
	err     error
}

// by returns a value of each kind, and none while the database can't be read.
func (r *recent) by(value func(store.Waiting) float64) map[string]float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) >= maxAge {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		r.backlog, r.err = r.read(ctx)
		r.at = time.Now()
		if r.err != nil {
			slog.Warn("the backlog can't be read", "cause", r.err.Error())
		}
	}
	if r.err != nil {
		return nil
	}
	return map[string]float64{
		"pending_photos": value(r.backlog.PendingPhotos),
		"uploads":        value(r.backlog.Uploads),
		"deletions":      value(r.backlog.Deletions),
	}
}
