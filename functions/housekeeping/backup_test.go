package housekeeping

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

func (b bench) vault() *vault { return &vault{b.db, b.pictures, func(string, ...any) {}} }

// empty is a database and a bucket with nothing in them.
func empty(t *testing.T) (v *vault, names func() []string) {
	t.Helper()
	v = &vault{db: testbed.Store(t), progress: func(string, ...any) {}}
	v.pictures, names = testbed.Pictures(t)
	return v, names
}

func (v *vault) backedUp(t *testing.T) (file []byte, m manifest) {
	t.Helper()
	var out bytes.Buffer
	m, err := v.backup(t.Context(), &out)
	require.NoError(t, err)
	checked, err := verify(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	require.Equal(t, m, checked)
	return out.Bytes(), m
}

// everything is all rows of the tables that a backup holds, as JSON, and every picture that a task has.
func (v *vault) everything(t *testing.T) (rows []string, pictures map[string]string) {
	t.Helper()
	shot, err := v.db.Snapshot(t.Context())
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
			data, err := v.pictures.Get(t.Context(), p.ImageKey, size)
			if err != nil {
				return err
			}
			pictures[p.ImageKey+string(size)] = string(data)
		}
		return nil
	}))
	return rows, pictures
}

// filled is a bench with users, tasks and pictures of every kind, in more pages than one.
func filled(t *testing.T) bench {
	t.Helper()
	b := newBench(t)
	for i := range 450 {
		title := fmt.Sprintf("%d Naïve ☕ 'quoted' \\ \" %% \x00\n", i)
		d, err := task.New(task.Draft{Title: title, Body: strings.Repeat("é\t", i*20), DueDate: "2028-02-29"}, time.Now())
		require.NoError(t, err)
		_, err = b.db.AddTask(t.Context(), b.ada.Owner, d)
		require.NoError(t, err)
	}
	for i := range 12 {
		mine := b.withPicture(t, task.ImagePending, testbed.JPEG(t))
		if i%2 == 0 {
			continue
		}
		predictions := []task.Prediction{{Label: "tiger cat", Score: 0.75}, {Label: "tabby", Score: 0.25}}
		_, err := b.db.SetPendingPredictions(t.Context(), store.Picture{UserID: b.ada.UserID, TaskID: mine.ID, ImageKey: mine.ImageKey}, task.ImageDone, predictions)
		require.NoError(t, err)
	}
	for range 3 {
		_, err := b.db.DeleteTask(t.Context(), b.ada.Owner, b.withPicture(t, task.ImageDone, testbed.JPEG(t)).ID)
		require.NoError(t, err)
	}
	off, gone := testbed.SignIn(t, b.db), testbed.SignIn(t, b.db)
	require.NoError(t, b.db.DisableUser(t.Context(), off.Username))
	require.NoError(t, b.db.RemoveUser(t.Context(), gone.Username))
	return b
}

func TestARestoredBackupIsTheSameToTheLastByte(t *testing.T) {
	t.Parallel()
	b := filled(t)
	rows, pictures := b.vault().everything(t)
	file, m := b.vault().backedUp(t)
	require.Equal(t, map[string]int{"users": 2, "deleted_users": 1, "tasks": 462, "task_labels": 12, "deleted_tasks": 3, "object_deletions": 3}, m.Rows)
	require.Equal(t, 12, m.Pictures)
	require.Len(t, pictures, 24)
	require.Empty(t, m.Lost)
	require.NotContains(t, string(file), "sessions", "sessions stay out of it")

	other, names := empty(t)
	restored, err := other.restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.NoError(t, err)
	require.Equal(t, m, restored)
	rows2, pictures2 := other.everything(t)
	require.Equal(t, rows, rows2)
	require.Equal(t, pictures, pictures2)
	require.Len(t, names(), 24)
	_, _, err = other.db.Tasks(t.Context(), b.ada.Owner, testbed.Everything())
	require.True(t, fault.Is(err, fault.Unauthorized), "the session of before is none here: %v", err)

	again := testbed.SignInAgain(t, other.db, b.ada, time.Now().Add(time.Hour))
	found, _, err := other.db.Tasks(t.Context(), again.Owner, task.Filter{Label: "tabby", Sort: task.ByCreated, Limit: 100})
	require.NoError(t, err)
	require.Len(t, found, 6)
}

func TestNothingIsRestoredOverAnythingUnlessItIsToBeReplaced(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old := b.withPicture(t, task.ImageDone, testbed.JPEG(t))
	file, _ := b.vault().backedUp(t)
	rows, pictures := b.vault().everything(t)

	newer := b.withPicture(t, task.ImageDone, testbed.JPEG(t))
	_, _, err := b.db.RemovePicture(t.Context(), b.ada.Owner, old.ID)
	require.NoError(t, err)
	require.NoError(t, b.pictures.Delete(t.Context(), old.ImageKey))
	before, _ := b.vault().everything(t)
	_, err = b.vault().restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	after, _ := b.vault().everything(t)
	require.Equal(t, before, after)

	_, err = b.vault().restore(t.Context(), bytes.NewReader(file), store.Over{Everything: true})
	require.NoError(t, err)
	require.Equal(t, []string{newer.ImageKey}, b.noted(t), "pictures that are replaced go, one that is back doesn't")
	_, err = b.db.Task(t.Context(), b.ada.Owner, old.ID)
	require.True(t, fault.Is(err, fault.Unauthorized), "sessions end: %v", err)
	_, err = b.swept(t)
	require.NoError(t, err)
	rows2, pictures2 := b.vault().everything(t)
	require.Equal(t, rows, rows2)
	require.Equal(t, pictures, pictures2)
	require.Len(t, b.names(), 2)
}

func TestARestoreMayReplaceAUserWithoutTasks(t *testing.T) {
	t.Parallel()
	b := filled(t)
	rows, _ := b.vault().everything(t)
	file, _ := b.vault().backedUp(t)
	other, _ := empty(t)
	demo := testbed.SignIn(t, other.db)
	over := store.Over{User: demo.Username}
	d, err := task.New(task.Draft{Title: "a task", DueDate: "2026-12-24"}, time.Now())
	require.NoError(t, err)
	_, err = other.db.AddTask(t.Context(), demo.Owner, d)
	require.NoError(t, err)
	_, err = other.restore(t.Context(), bytes.NewReader(file), over)
	require.True(t, fault.Is(err, fault.Conflict), "with a task: %v", err)
	_, err = other.db.DeleteTask(t.Context(), demo.Owner, d.ID)
	require.NoError(t, err)
	_, err = other.restore(t.Context(), bytes.NewReader(file), store.Over{User: "another"})
	require.True(t, fault.Is(err, fault.Conflict), "not that user: %v", err)

	_, err = other.restore(t.Context(), bytes.NewReader(file), over)
	require.NoError(t, err)
	rows2, _ := other.everything(t)
	require.Equal(t, rows, rows2)
}

func TestABackupIsOfOneMomentWhilePicturesComeAndGo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 30 {
		b.withPicture(t, task.ImageDone, testbed.JPEG(t))
	}
	ctx, stop := context.WithCancel(t.Context())
	var people errgroup.Group
	changes := 0
	people.Go(func() error {
		for ctx.Err() == nil {
			found, _, err := b.db.Tasks(t.Context(), b.ada.Owner, testbed.Everything())
			if err != nil {
				return err
			}
			mine := found[rand.N(len(found))]
			var deletions []string
			if rand.N(2) == 0 && mine.ImageKey != "" {
				_, deletions, err = b.db.RemovePicture(t.Context(), b.ada.Owner, mine.ID)
			} else {
				key := objects.NewKey(b.ada.UserID, mine.ID)
				if err := b.pictures.Put(t.Context(), key, []byte("full "+key), []byte("thumb "+key)); err != nil {
					return err
				}
				_, deletions, err = b.db.SetPicture(t.Context(), b.ada.Owner, mine.ID, key, task.ImageDone, nil)
			}
			if err != nil {
				return err
			}
			for _, key := range deletions {
				if err := b.pictures.Delete(t.Context(), key); err != nil {
					return err
				}
			}
			changes++
		}
		return nil
	})
	for range 5 {
		file, m := b.vault().backedUp(t)
		require.Empty(t, m.Lost)
		other, _ := empty(t)
		_, err := other.restore(t.Context(), bytes.NewReader(file), store.Over{})
		require.NoError(t, err)
		other.everything(t) // fails if a task's picture is not there
	}
	stop()
	require.NoError(t, people.Wait())
	require.Positive(t, changes)
}

func TestALostPictureIsToldAndKeepsNothingElseFromTheBackup(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	lost, kept := b.withPicture(t, task.ImageDone, testbed.JPEG(t)), b.withPicture(t, task.ImageDone, testbed.JPEG(t))
	require.NoError(t, b.pictures.Delete(t.Context(), lost.ImageKey))
	file, m := b.vault().backedUp(t)
	require.Equal(t, []string{lost.ImageKey}, m.Lost)
	require.Equal(t, 1, m.Pictures)
	other, _ := empty(t)
	_, err := other.restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.NoError(t, err)
	_, err = other.pictures.Get(t.Context(), kept.ImageKey, objects.Full)
	require.NoError(t, err)
}

func TestADamagedBackupIsNotRestored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.withPicture(t, task.ImageDone, testbed.JPEG(t))
	file, _ := b.vault().backedUp(t)
	const trailer = 2 * 512 // tar's end, behind a block with the last sums
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
		_, err := other.restore(t.Context(), bytes.NewReader(damaged), store.Over{})
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", name, err)
		rows, _ := other.everything(t)
		require.Empty(t, rows, name)
	}
	for cut := 0; cut < len(file)-trailer-512; cut += 300 {
		_, err := verify(bytes.NewReader(file[:cut]))
		require.True(t, fault.Is(err, fault.Invalid), "cut at %d: %v", cut, err)
	}
	_, err := other.restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.NoError(t, err, "after all that")
}

// What adds up may be wrong all the same: somebody has edited it, and made the sums anew.
func TestABackupOfRowsThatAreNoneIsNotRestored(t *testing.T) {
	t.Parallel()
	v, _ := empty(t)
	shot, err := v.db.Snapshot(t.Context())
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
		require.NoError(t, w.addJSON(manifestName, manifest{Rows: map[string]int{"users": strings.Count(rows, "{")}}))
		require.NoError(t, w.close())
		_, err := v.restore(t.Context(), &file, store.Over{})
		require.True(t, fault.Is(err, fault.Invalid), "%s: %v", rows, err)
	}
	left, _ := v.everything(t)
	require.Empty(t, left)
}

func TestBackupsOfNothingAreRestored(t *testing.T) {
	t.Parallel()
	v, _ := empty(t)
	file, m := v.backedUp(t)
	require.Zero(t, m.Rows["users"])
	_, err := v.restore(t.Context(), bytes.NewReader(file), store.Over{})
	require.NoError(t, err)
}

func TestBackupsAreAskedForInTheRightWords(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"backup", "file"}, {"restore", "--force"}, {"restore", "--over"}, {"backup", "--replace"}, {"restore", "--replace", "x"}, {"verify", "x"}, {"wait", "5"}} {
		code, _, messages := command(t, "", args...)
		require.Equal(t, Misused, code, "%v: %s", args, messages)
	}
	in := strings.NewReader(strings.Repeat("no backup ", 1_000_000))
	var messages bytes.Buffer
	require.Equal(t, Misused, Run(t.Context(), []string{"verify"}, in, io.Discard, &messages))
	require.Contains(t, messages.String(), "not a backup")
	require.Zero(t, in.Len(), "all input is read, or kubectl exec never ends")
}
