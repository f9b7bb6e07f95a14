package housekeeping

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/picture"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// fixture is a sweep over a database and a bucket of its own, whose user ada is signed in.
type fixture struct {
	sweep
	dsn   string
	names func() []string                // of the objects in the bucket
	put   func(name string, data []byte) // stores an object in the bucket
	ada   testbed.Person
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	f := fixture{dsn: testbed.Database(t)}
	f.sweep = sweep{db: testbed.StoreAt(t, f.dsn), model: testbed.Model(t, ""), orphanAge: time.Hour, log: slog.New(slog.DiscardHandler)}
	bucket := testbed.NewBucket(t)
	f.names, f.put = bucket.Names, bucket.Put
	var err error
	f.pictures, err = objects.New(bucket.Config)
	require.NoError(t, err)
	f.ada = testbed.SignIn(t, f.db)
	return f
}

// upload stores a picture for a task, as predict-image does before it sets the picture on the task.
func (f fixture) upload(t *testing.T, owner task.Owner, mine task.Task, photo []byte) (key string) {
	t.Helper()
	decoded, err := picture.Decode(t.Context(), photo)
	require.NoError(t, err)
	full := decoded.Full()
	key = objects.NewKey(owner.UserID, mine.ID)
	require.NoError(t, f.pictures.Put(t.Context(), key, full, full))
	return key
}

func (f fixture) task(t *testing.T, owner task.Owner) task.Task {
	t.Helper()
	d, err := task.New(task.Draft{Title: "a task", DueDate: "2026-12-24"}, time.Now())
	require.NoError(t, err)
	mine, err := f.db.AddTask(t.Context(), owner, d)
	require.NoError(t, err)
	return mine
}

// withPicture adds a task of ada's with a picture.
func (f fixture) withPicture(t *testing.T, status task.ImageStatus, photo []byte) task.Task {
	t.Helper()
	mine := f.task(t, f.ada.Owner)
	key := f.upload(t, f.ada.Owner, mine, photo)
	mine, _, err := f.db.SetPicture(t.Context(), f.ada.Owner, mine.ID, key, 1000, status, nil)
	require.NoError(t, err)
	return mine
}

// again reads the task again.
func (f fixture) again(t *testing.T, mine task.Task) task.Task {
	t.Helper()
	now, err := f.db.Task(t.Context(), f.ada.Owner, mine.ID)
	require.NoError(t, err)
	return now
}

// swept runs the sweep and returns the lines of its log by part.
func (f fixture) swept(t *testing.T) (parts map[string]map[string]any, err error) {
	t.Helper()
	var text bytes.Buffer
	f.log = slog.New(slog.NewJSONHandler(&text, nil))
	err = f.run(t.Context())
	parts = map[string]map[string]any{}
	for line := range strings.Lines(text.String()) {
		var said map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &said), "%s", line)
		if said["msg"] == "sweep" {
			parts[said["part"].(string)] = said
		}
	}
	require.Len(t, parts, 8, "%s", &text)
	return parts, err
}

// noted returns the keys of all pictures that are noted for deletion.
func (f fixture) noted(t *testing.T) (keys []string) {
	t.Helper()
	all, err := f.db.NotedDeletions(t.Context(), store.Picture{}, 1000)
	require.NoError(t, err)
	for _, p := range all {
		keys = append(keys, p.ImageKey)
	}
	return keys
}
