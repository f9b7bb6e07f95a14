package web

import (
	"encoding/json"
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
			got, err := json.Marshal(c.reply)
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(got))
		})
	}
	several, err := json.Marshal(Tasks([]task.Task{full, bare}))
	require.NoError(t, err)
	var back []map[string]any
	require.NoError(t, json.Unmarshal(several, &back))
	require.Equal(t, []any{"Boat trip", "x"}, []any{back[0]["title"], back[1]["title"]})
}
