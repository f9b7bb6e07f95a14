package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/task"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestTaskIsWhatTheContractSays(t *testing.T) {
	t.Parallel()
	full := task.Task{
		ID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"), Title: "Boat trip", Body: "Bring <water>", DueDate: "2026-03-01",
		Completed: true, CreatedAt: time.Date(2026, 2, 1, 8, 0, 0, 1000, time.UTC), UpdatedAt: time.Date(2026, 2, 1, 9, 30, 0, 0, time.UTC),
		Version: 4, ImageKey: "users/1/2", ImageStatus: task.ImageDone,
		Predictions: []task.Prediction{{Label: "pier", Score: .25}, {Label: "lakeside", Score: .125}},
	}
	bare := task.Task{
		ID: full.ID, Title: "x", DueDate: "2026-03-01", CreatedAt: full.CreatedAt, UpdatedAt: full.CreatedAt, Version: 1, ImageStatus: task.ImageNone,
	}
	for name, c := range map[string]struct {
		reply any
		want  string
	}{
		"with a picture": {Task(full), `{"id": "01890a5d-ac96-774b-bcce-b302099a8057", "title": "Boat trip", "body": "Bring <water>",
			"dueDate": "2026-03-01", "completed": true, "createdAt": "2026-02-01T08:00:00.000001Z", "updatedAt": "2026-02-01T09:30:00.000000Z",
			"version": 4, "upload": true, "imageStatus": "done", "labels": ["pier", "lakeside"],
			"predictions": [{"label": "pier", "score": 0.25}, {"label": "lakeside", "score": 0.125}]}`},
		"without": {Task(bare), `{"id": "01890a5d-ac96-774b-bcce-b302099a8057", "title": "x", "body": "", "dueDate": "2026-03-01",
			"completed": false, "createdAt": "2026-02-01T08:00:00.000001Z", "updatedAt": "2026-02-01T08:00:00.000001Z", "version": 1,
			"upload": false, "imageStatus": "none", "labels": [], "predictions": []}`},
		"no tasks":        {Tasks(nil), `[]`},
		"an empty list":   {Tasks([]task.Task{}), `[]`},
		"none of a slice": {Tasks([]task.Task{full}[:0]), `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := JSON(c.reply)
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(got.Body))
		})
	}
	several, err := JSON(Tasks([]task.Task{full, bare}))
	require.NoError(t, err)
	var back []map[string]any
	require.NoError(t, json.Unmarshal(several.Body, &back))
	require.Equal(t, []any{"Boat trip", "x"}, []any{back[0]["title"], back[1]["title"]})
}

// taskReply is a task as clients read it, for encoding/json.
type taskReply struct {
	ID          string            `json:"id"`
	Title       string            `json:"title"`
	Body        string            `json:"body"`
	DueDate     string            `json:"dueDate"`
	Completed   bool              `json:"completed"`
	CreatedAt   string            `json:"createdAt"`
	UpdatedAt   string            `json:"updatedAt"`
	Version     uint32            `json:"version"`
	Upload      bool              `json:"upload"`
	ImageStatus string            `json:"imageStatus"`
	Labels      []string          `json:"labels"`
	Predictions []task.Prediction `json:"predictions"`
}

func newTaskReply(t task.Task) taskReply {
	const layout = "2006-01-02T15:04:05.000000Z"
	r := taskReply{
		ID: t.ID.String(), Title: t.Title, Body: t.Body, DueDate: string(t.DueDate), Completed: t.Completed,
		CreatedAt: t.CreatedAt.UTC().Format(layout), UpdatedAt: t.UpdatedAt.UTC().Format(layout), Version: t.Version,
		Upload: t.ImageKey != "", ImageStatus: string(t.ImageStatus), Labels: []string{}, Predictions: []task.Prediction{},
	}
	for _, p := range t.Predictions {
		r.Labels, r.Predictions = append(r.Labels, p.Label), append(r.Predictions, p)
	}
	return r
}

// slowly is v as encoding/json writes it.
func slowly(t testing.TB, v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(v))
	return strings.TrimSuffix(b.String(), "\n")
}

// FuzzTask checks that tasks are written as encoding/json would.
func FuzzTask(f *testing.F) {
	for _, seed := range []struct {
		text          string
		score         float64
		seconds, nano int64
	}{
		{"Boat trip", .25, 1_700_000_000, 0}, {"", 0, 0, 999_999_999}, {"a\"b\\c\n\r\t\b\f\x00\x1f\x7f", 1, -1, 1000},
		{"<b>&amp;é日本𝄞\u2028\u2029\ufffd", 1e-6, 253402300799, 123456}, {"\xff\xe2\x80\xed\xa0\x80\xc0\xaf", 1e-9, 1, 1},
		{"x\u2027\u202a", 9.99e-7, -62135596800, 0}, {"]}", 1.5e-300, 1 << 31, 5_000}, {"x", .333333, 951782400, 100},
	} {
		f.Add(seed.text, seed.score, seed.seconds, seed.nano, uint32(len(seed.text)), []byte(seed.text))
	}
	f.Fuzz(func(t *testing.T, text string, score float64, seconds, nano int64, version uint32, id []byte) {
		moment := time.Unix(seconds, nano%1e9)
		if year := moment.UTC().Year(); year < 0 || year > 9999 || score < 0 || score > 1 || math.IsNaN(score) {
			t.Skip()
		}
		one := task.Task{
			Title: text, Body: text + text, DueDate: task.Date(text), Completed: version%2 == 0, CreatedAt: moment,
			UpdatedAt: moment.Add(time.Millisecond), Version: version, ImageStatus: task.ImageStatus(text),
			Predictions: []task.Prediction{{Label: text, Score: score}, {Label: "pier", Score: score / 3}}[:version%3],
		}
		copy(one.ID[:], id)
		if version%5 == 0 {
			one.ImageKey = text
		}
		reply, err := JSON(Task(one))
		require.NoError(t, err)
		require.Equal(t, slowly(t, newTaskReply(one)), string(reply.Body))
		reply, err = JSON(Tasks([]task.Task{one, one}[:version%4%3]))
		require.NoError(t, err)
		require.Equal(t, slowly(t, []taskReply{newTaskReply(one), newTaskReply(one)}[:version%4%3]), string(reply.Body))
	})
}

// TestTheBufferOfTasksIsNeverGrown looks at the estimate of their size, which no task with a plain text exceeds.
func TestTheBufferOfTasksIsNeverGrown(t *testing.T) {
	t.Parallel()
	long := task.Task{
		Title: "Boat trip", Body: "Bring water", DueDate: "2026-03-01", CreatedAt: time.Unix(0, 0), UpdatedAt: time.Unix(0, 0),
		Version: math.MaxUint32, ImageStatus: task.ImagePending,
	}
	for range task.PredictionCount {
		long.Predictions = append(long.Predictions, task.Prediction{Label: "breakwater", Score: .123456})
	}
	for _, n := range []int{0, 1, 2, 1000} {
		all := tasks(slices.Repeat([]task.Task{long}, n))
		size := len(all.appendJSON(nil))
		require.LessOrEqual(t, size, all.size(), n)
		require.LessOrEqual(t, all.size(), size+40*n, n)
	}
}

func BenchmarkTasks(b *testing.B) {
	bare := task.Task{
		ID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"), Title: "Task number 17 of the list", DueDate: "2026-03-01",
		Body:      "Buy milk, eggs and bread, then call the plumber about the kitchen sink.",
		CreatedAt: time.Now(), UpdatedAt: time.Now(), Version: 1, ImageStatus: task.ImageNone,
	}
	pictured := bare
	pictured.ImageKey, pictured.ImageStatus = "key", task.ImageDone
	for range task.PredictionCount {
		pictured.Predictions = append(pictured.Predictions, task.Prediction{Label: "breakwater", Score: .123456})
	}
	for name, one := range map[string]task.Task{"bare": bare, "pictured": pictured} {
		for _, n := range []int{20, 1000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				all := slices.Repeat([]task.Task{one}, n)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := JSON(Tasks(all)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
