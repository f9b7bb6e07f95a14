package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// fixture is the data of an application whose user ada is signed in.
type fixture struct {
	Data
	names func() []string // of the objects in the bucket
	ada   testbed.Person
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	d, names := empty(t)
	return fixture{d, names, testbed.SignIn(t, d.DB)}
}

// empty returns an empty database and bucket.
func empty(t *testing.T) (d Data, names func() []string) {
	t.Helper()
	d = Data{DB: testbed.Store(t), Progress: func(string, ...any) {}}
	d.Pictures, names = testbed.Pictures(t)
	return d, names
}

// withPicture adds a task of ada's with a picture.
func (f fixture) withPicture(t *testing.T, status task.ImageStatus) task.Task {
	t.Helper()
	d, err := task.New(task.Draft{Title: "a task", DueDate: "2026-12-24"}, time.Now())
	require.NoError(t, err)
	mine, err := f.DB.AddTask(t.Context(), f.ada.Owner, d)
	require.NoError(t, err)
	key := objects.NewKey(f.ada.UserID, mine.ID)
	require.NoError(t, f.Pictures.Put(t.Context(), key, testbed.JPEG(t), testbed.JPEG(t)))
	mine, _, err = f.DB.SetPicture(t.Context(), f.ada.Owner, mine.ID, key, 1000, status, nil)
	require.NoError(t, err)
	return mine
}

// carryOutDeletions deletes all pictures that are noted for deletion, and returns their keys.
func (f fixture) carryOutDeletions(t *testing.T) (keys []string) {
	t.Helper()
	noted, err := f.DB.NotedDeletions(t.Context(), store.Picture{}, 1000)
	require.NoError(t, err)
	for _, p := range noted {
		keys = append(keys, p.ImageKey)
		require.NoError(t, f.Pictures.Delete(t.Context(), p.ImageKey))
		require.NoError(t, f.DB.ForgetDeletion(t.Context(), p))
	}
	return keys
}

func (d Data) backedUp(t *testing.T) (file []byte, m Manifest) {
	t.Helper()
	var out bytes.Buffer
	m, err := d.Write(t.Context(), &out)
	require.NoError(t, err)
	checked, err := Verify(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	require.Equal(t, m, checked)
	return out.Bytes(), m
}

// everything returns all rows of the tables that a backup holds, as JSON, and every picture that a task has.
func (d Data) everything(t *testing.T) (rows []string, pictures map[string]string) {
	t.Helper()
	shot, err := d.DB.Snapshot(t.Context())
	require.NoError(t, err)
	defer shot.Close()
	for _, table := range store.Tables {
		require.NoError(t, shot.Rows(t.Context(), table, func(row store.Row) error {
			text, err := json.Marshal(row)
			rows = append(rows, table.Name+" "+string(text))
			return err
		}))
	}
	pictures = map[string]string{}
	require.NoError(t, shot.Pictures(t.Context(), func(p store.Picture) error {
		for _, size := range []objects.Size{objects.Full, objects.Thumb} {
			data, err := d.Pictures.Get(t.Context(), p.ImageKey, size)
			if err != nil {
				return err
			}
			pictures[p.ImageKey+string(size)] = string(data)
		}
		return nil
	}))
	return rows, pictures
}

// filled returns a fixture with users, tasks and pictures of every kind, on several pages.
func filled(t *testing.T) fixture {
	t.Helper()
	f := newFixture(t)
	for i := range 450 {
		d, err := task.New(task.Draft{Title: "x", Body: strings.Repeat("é\t", i*20), DueDate: "2028-02-29"}, time.Now())
		require.NoError(t, err)
		d.Title = fmt.Sprintf("%d Nai\u0308ve ☕ 'quoted' \\ \" %% \x00\n", i) // text from before the rules
		_, err = f.DB.AddTask(t.Context(), f.ada.Owner, d)
		require.NoError(t, err)
	}
	for i := range 12 {
		mine := f.withPicture(t, task.ImagePending)
		if i%2 == 0 {
			u := store.Upload{UserID: f.ada.UserID, TaskID: mine.ID, ID: testbed.NewID(t)}
			_, err := f.DB.BeginUpload(t.Context(), f.ada.Owner, mine.ID, u.ID)
			require.NoError(t, err)
			if i%4 == 0 {
				_, err := f.DB.FailUpload(t.Context(), u, "damaged_image")
				require.NoError(t, err)
			}
			continue
		}
		predictions := []task.Prediction{{Label: "tiger cat", Score: 0.75}, {Label: "tabby", Score: 0.25}}
		_, err := f.DB.SetPendingPredictions(t.Context(), store.Picture{UserID: f.ada.UserID, TaskID: mine.ID, ImageKey: mine.ImageKey}, task.ImageDone, predictions)
		require.NoError(t, err)
	}
	for range 3 {
		_, err := f.DB.DeleteTask(t.Context(), f.ada.Owner, f.withPicture(t, task.ImageDone).ID)
		require.NoError(t, err)
	}
	off, gone := testbed.SignIn(t, f.DB), testbed.SignIn(t, f.DB)
	require.NoError(t, f.DB.DisableUser(t.Context(), off.Username))
	require.NoError(t, f.DB.RemoveUser(t.Context(), gone.Username))
	return f
}

func TestRestoreReturnsEveryRowAndByte(t *testing.T) {
	t.Parallel()
	f := filled(t)
	rows, pictures := f.everything(t)
	file, m := f.backedUp(t)
	require.Equal(t, map[string]int{"users": 2, "deleted_users": 1, "tasks": 462, "task_labels": 12, "deleted_tasks": 3, "object_deletions": 3}, m.Rows)
	require.Equal(t, 12, m.Pictures)
	require.Len(t, pictures, 24)
	require.Empty(t, m.Lost)
	require.NotContains(t, string(file), "sessions", "sessions are not in the backup")

	other, names := empty(t)
	restored, err := other.Restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.NoError(t, err)
	require.Equal(t, m, restored)
	rows2, pictures2 := other.everything(t)
	require.Equal(t, rows, rows2)
	require.Equal(t, pictures, pictures2)
	require.Len(t, names(), 24)
	_, _, err = other.DB.Tasks(t.Context(), f.ada.Owner, testbed.Everything())
	require.True(t, fault.Is(err, fault.Unauthorized), "old sessions are not valid here: %v", err)

	again := testbed.SignInAgain(t, other.DB, f.ada, time.Now().Add(time.Hour))
	found, _, err := other.DB.Tasks(t.Context(), again.Owner, task.Filter{Label: "tabby", Sort: task.ByCreated, Limit: 100})
	require.NoError(t, err)
	require.Len(t, found, 6)
}

// A deleted user keeps tasks until the sweep deletes them. A restore must neither revive them nor refuse to replace them.
func TestABackupHasNothingOfADeletedUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.withPicture(t, task.ImageDone)
	mine := f.withPicture(t, task.ImageDone)
	_, err := f.DB.DeleteTask(t.Context(), f.ada.Owner, f.withPicture(t, task.ImageDone).ID)
	require.NoError(t, err)
	require.NoError(t, f.DB.RemoveUser(t.Context(), f.ada.Username))
	rows, pictures := f.everything(t)
	require.Empty(t, pictures)
	file, m := f.backedUp(t)
	require.Equal(t, map[string]int{"users": 0, "deleted_users": 1, "tasks": 0, "task_labels": 0, "deleted_tasks": 0, "object_deletions": 1}, m.Rows)
	require.Zero(t, m.Pictures)
	require.NotContains(t, string(file), mine.ID.String())

	_, err = f.Restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.NoError(t, err, "what a deleted user has left is not data to lose")
	again, _ := f.everything(t)
	require.Contains(t, again, rows[0], "the sweep must still know the user")
	require.Len(t, f.carryOutDeletions(t), 3, "its pictures must be noted for deletion")
	require.Empty(t, f.names())
}

func TestRestoreReplacesDataOnlyOnRequest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := f.withPicture(t, task.ImageDone)
	file, _ := f.backedUp(t)
	rows, pictures := f.everything(t)

	newer := f.withPicture(t, task.ImageDone)
	_, _, err := f.DB.RemovePicture(t.Context(), f.ada.Owner, old.ID)
	require.NoError(t, err)
	require.NoError(t, f.Pictures.Delete(t.Context(), old.ImageKey))
	before, _ := f.everything(t)
	_, err = f.Restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	after, _ := f.everything(t)
	require.Equal(t, before, after)

	_, err = f.Restore(t.Context(), bytes.NewReader(file), store.Over{Everything: true})
	require.NoError(t, err)
	_, err = f.DB.Task(t.Context(), f.ada.Owner, old.ID)
	require.True(t, fault.Is(err, fault.Unauthorized), "sessions end: %v", err)
	require.Equal(t, []string{newer.ImageKey}, f.carryOutDeletions(t), "replaced pictures are deleted, restored ones are not")
	rows2, pictures2 := f.everything(t)
	require.Equal(t, rows, rows2)
	require.Equal(t, pictures, pictures2)
	require.Len(t, f.names(), 2)
}

// pause is an empty reader that calls a function when it is read.
type pause func()

func (p pause) Read([]byte) (int, error) {
	p()
	return 0, io.EOF
}

func TestASweepDuringARestoreKeepsItsPictures(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mine := f.withPicture(t, task.ImageDone)
	file, _ := f.backedUp(t)
	_, err := f.DB.DeleteTask(t.Context(), f.ada.Owner, mine.ID) // notes the picture
	require.NoError(t, err)

	rows := bytes.Index(file, []byte("rows/users/"))
	require.Positive(t, rows)
	afterPictures := pause(func() {
		require.Eventually(t, func() bool {
			noted, err := f.DB.NotedDeletions(t.Context(), store.Picture{}, 10)
			return err == nil && len(noted) == 0
		}, 5*time.Second, 20*time.Millisecond, "a sweep would delete a restored picture")
		f.carryOutDeletions(t)
	})
	_, err = f.Restore(t.Context(), io.MultiReader(bytes.NewReader(file[:rows]), afterPictures, bytes.NewReader(file[rows:])), store.Over{Everything: true})
	require.NoError(t, err)
	_, err = f.Pictures.Get(t.Context(), mine.ImageKey, objects.Full)
	require.NoError(t, err)
}

func TestRestoreMayReplaceAUserWithoutTasks(t *testing.T) {
	t.Parallel()
	f := filled(t)
	rows, _ := f.everything(t)
	file, _ := f.backedUp(t)
	other, _ := empty(t)
	demo := testbed.SignIn(t, other.DB)
	over := store.Over{User: demo.Username}
	d, err := task.New(task.Draft{Title: "a task", DueDate: "2026-12-24"}, time.Now())
	require.NoError(t, err)
	_, err = other.DB.AddTask(t.Context(), demo.Owner, d)
	require.NoError(t, err)
	_, err = other.Restore(t.Context(), bytes.NewReader(file), over)
	require.True(t, fault.Is(err, fault.Conflict), "with a task: %v", err)
	_, err = other.DB.DeleteTask(t.Context(), demo.Owner, d.ID)
	require.NoError(t, err)
	_, err = other.Restore(t.Context(), bytes.NewReader(file), store.Over{User: "another"})
	require.True(t, fault.Is(err, fault.Conflict), "not that user: %v", err)

	_, err = other.Restore(t.Context(), bytes.NewReader(file), over)
	require.NoError(t, err)
	rows2, _ := other.everything(t)
	require.Equal(t, rows, rows2)
}

func TestBackupIsConsistentWhilePicturesChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 30 {
		f.withPicture(t, task.ImageDone)
	}
	ctx, stop := context.WithCancel(t.Context())
	var people errgroup.Group
	changes := 0
	people.Go(func() error {
		for ctx.Err() == nil {
			found, _, err := f.DB.Tasks(t.Context(), f.ada.Owner, testbed.Everything())
			if err != nil {
				return err
			}
			mine := found[rand.N(len(found))]
			var deletions []string
			if rand.N(2) == 0 && mine.ImageKey != "" {
				_, deletions, err = f.DB.RemovePicture(t.Context(), f.ada.Owner, mine.ID)
			} else {
				key := objects.NewKey(f.ada.UserID, mine.ID)
				if err := f.Pictures.Put(t.Context(), key, []byte("full "+key), []byte("thumb "+key)); err != nil {
					return err
				}
				_, deletions, err = f.DB.SetPicture(t.Context(), f.ada.Owner, mine.ID, key, 1000, task.ImageDone, nil)
			}
			if err != nil {
				return err
			}
			for _, key := range deletions {
				if err := f.Pictures.Delete(t.Context(), key); err != nil {
					return err
				}
			}
			changes++
		}
		return nil
	})
	for range 5 {
		file, m := f.backedUp(t)
		require.Empty(t, m.Lost)
		other, _ := empty(t)
		_, err := other.Restore(t.Context(), bytes.NewReader(file), store.Over{})
		require.NoError(t, err)
		other.everything(t) // fails if a task's picture is missing
	}
	stop()
	require.NoError(t, people.Wait())
	require.Positive(t, changes)
}

func TestBackupListsALostPictureAndContainsTheRest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lost, kept := f.withPicture(t, task.ImageDone), f.withPicture(t, task.ImageDone)
	require.NoError(t, f.Pictures.Delete(t.Context(), lost.ImageKey))
	file, m := f.backedUp(t)
	require.Equal(t, []string{lost.ImageKey}, m.Lost)
	require.Equal(t, 1, m.Pictures)
	other, _ := empty(t)
	_, err := other.Restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.NoError(t, err)
	_, err = other.Pictures.Get(t.Context(), kept.ImageKey, objects.Full)
	require.NoError(t, err)
}

func TestDamagedBackupIsNotRestored(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.withPicture(t, task.ImageDone)
	file, _ := f.backedUp(t)
	const trailer = 2 * 512 // the end of the tar file, after a block with the last sums
	other, _ := empty(t)
	for name, damaged := range map[string][]byte{
		"nothing":         nil,
		"something else":  []byte(strings.Repeat("not a tar file ", 100)),
		"cut at the rows": file[:bytes.Index(file, []byte("rows/tasks/"))],
		"cut at the sums": file[:bytes.Index(file, []byte("sums/"))],
		"the last sum":    append(file[:len(file)-trailer-512:len(file)-trailer-512], make([]byte, trailer)...),
		"a picture":       bytes.Replace(file, []byte{0xff, 0xd8, 0xff}, []byte{0xff, 0xd8, 0xfe}, 1),
		"a row":           bytes.Replace(file, []byte("a task"), []byte("A task"), 1),
		"the manifest":    bytes.Replace(file, []byte(`"pictures": 1`), []byte(`"pictures": 2`), 1),
		"another format":  bytes.Replace(file, []byte(`"format": 1`), []byte(`"format": 2`), 1),
		"a newer schema":  bytes.Replace(file, []byte(`"schema": `), []byte(`"schema":9`), 1),
	} {
		require.NotEqual(t, file, damaged, name)
		_, err := other.Restore(t.Context(), bytes.NewReader(damaged), store.Over{})
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
		rows, _ := other.everything(t)
		require.Empty(t, rows, name)
	}
	for cut := 0; cut < len(file)-trailer-512; cut += 300 {
		_, err := Verify(bytes.NewReader(file[:cut]))
		require.True(t, fault.Is(err, fault.Invalid), "cut at %d: %v", cut, err)
	}
	_, err := other.Restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.NoError(t, err, "after the damaged ones")
}

// The sums of an edited backup may be valid, if they were computed again.
func TestInvalidRowsAreNotRestored(t *testing.T) {
	t.Parallel()
	d, _ := empty(t)
	shot, err := d.DB.Snapshot(t.Context())
	require.NoError(t, err)
	shot.Close()
	for _, rows := range []string{
		`{}`, `null`, `[]`, `"id"`, `{"id": 1}`, `{"id": "x"}`, `{"nothing": "x"}`, `{"id) VALUES (1); --": "x"}`,
		`{"id": null} {}`, `{"id": null} {"username": null}`,
	} {
		var file bytes.Buffer
		w := newArchive(&file)
		require.NoError(t, w.addJSON(headName, head{format, shot.Schema}))
		require.NoError(t, w.add("rows/users/000001.jsonl", []byte(rows)))
		require.NoError(t, w.addJSON(manifestName, Manifest{Rows: map[string]int{"users": strings.Count(rows, "{")}}))
		require.NoError(t, w.close())
		_, err := d.Restore(t.Context(), &file, store.Over{})
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", rows, err)
	}
	left, _ := d.everything(t)
	require.Empty(t, left)
}

func TestEmptyBackupIsRestored(t *testing.T) {
	t.Parallel()
	d, _ := empty(t)
	file, m := d.backedUp(t)
	require.Zero(t, m.Rows["users"])
	_, err := d.Restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.NoError(t, err)
}
