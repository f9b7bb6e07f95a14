package store_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// addText stores a task with these texts.
func addText(t *testing.T, s *store.Store, owner task.Owner, title, body string) task.Task {
	t.Helper()
	d, err := task.New(task.Draft{Title: title, Body: body, DueDate: "2026-12-24"}, time.Now())
	require.NoError(t, err)
	added, err := s.AddTask(context.Background(), owner, d)
	require.NoError(t, err)
	return added
}

// finds returns the titles of the owner's tasks that a search finds, sorted.
func finds(t *testing.T, s *store.Store, owner task.Owner, sought string) []string {
	t.Helper()
	f, err := task.ParseFilter(query(map[string]string{"q": sought}), time.Now())
	require.NoError(t, err)
	page, more, err := s.Tasks(context.Background(), owner, f)
	require.NoError(t, err)
	require.False(t, more)
	titles := []string{}
	for _, found := range page {
		titles = append(titles, found.Title)
	}
	slices.Sort(titles)
	return titles
}

func TestASearchIgnoresCaseAndAccents(t *testing.T) {
	t.Parallel()
	s := testbed.Store(t)
	ada := testbed.SignIn(t, s)
	for _, title := range []string{"Zürich", "Trip to Zu\u0308rich", "ZURICH", "Łódź", "Straße", "ΣΊΣΥΦΟΣ", "Ёлка", "กุ", "กู", "한국", "fix\u00a0the pier", "100% sure", "a_b", "bang!"} {
		addText(t, s, ada.Owner, title, "")
	}
	addText(t, s, ada.Owner, "body", "CRÈME\r\nbrûlée")
	zurich := []string{"Trip to Zürich", "ZURICH", "Zürich"}
	for sought, want := range map[string][]string{
		"zürich":                               zurich,
		"zu\u0308rich":                         zurich,
		"Zurich":                               zurich,
		"ZÜR":                                  zurich,
		"Zür\u00adich":                         zurich,
		" zurich\n":                            zurich,
		"lodz":                                 {"Łódź"},
		"strasse":                              {"Straße"},
		"σίσυφος":                              {"ΣΊΣΥΦΟΣ"},
		"елка":                                 {"Ёлка"},
		"กุ":                                   {"กุ"},
		"\u1112\u1161\u11ab\u1100\u116e\u11a8": {"한국"},
		"the pier":                             {"fix\u00a0the pier"},
		"ＰＩＥＲ":                                 {"fix\u00a0the pier"},
		"creme brulee":                         {"body"},
		"0%":                                   {"100% sure"},
		"a_b":                                  {"a_b"},
		"a%b":                                  {},
		"!":                                    {"bang!"},
		"body creme":                           {},
		"pier\nbang":                           {},
		"nothing":                              {},
	} {
		require.Equal(t, want, finds(t, s, ada.Owner, sought), "%q", sought)
	}
	require.Len(t, finds(t, s, ada.Owner, "\u200b \u0301"), 15, "a search for nothing that counts is none")
}

func TestAChangedTaskIsFoundByItsNewText(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	added := addText(t, s, ada.Owner, "Zürich", "Seeufer")
	title := "Genève"
	changed, err := s.UpdateTask(ctx, ada.Owner, added.ID, task.Change{Title: &title, Version: &added.Version})
	require.NoError(t, err)
	_, _, err = s.SetPicture(ctx, ada.Owner, added.ID, "key", 1, task.ImagePending, nil)
	require.NoError(t, err)
	require.Empty(t, finds(t, s, ada.Owner, "zurich"))
	require.Equal(t, []string{"Genève"}, finds(t, s, ada.Owner, "geneve"))
	require.Equal(t, []string{"Genève"}, finds(t, s, ada.Owner, "seeufer"))
	require.Equal(t, uint32(2), changed.Version)
}

// TestTasksOfTheVersionBeforeAreSearched writes rows as a replica of the version before does, during an update of the functions.
func TestTasksOfTheVersionBeforeAreSearched(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	s := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, s)
	pool, err := sql.Open("mysql", dsn+"&interpolateParams=true")
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	old := testbed.NewID(t)
	_, err = pool.ExecContext(ctx, `INSERT INTO tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions)
		VALUES (?, ?, ?, 'CRÈME', '2026-12-24', FALSE, NOW(6), NOW(6), 3, '', 'none', '[]')`, ada.UserID[:], old[:], "Trip to Zu\u0308rich")
	require.NoError(t, err)
	changed := addText(t, s, ada.Owner, "Genève", "")
	_, err = pool.ExecContext(ctx, `UPDATE tasks SET title = 'Łódź', version = version + 1 WHERE user_id = ? AND id = ?`, ada.UserID[:], changed.ID[:])
	require.NoError(t, err)

	for sought, want := range map[string][]string{"TRIP": {"Trip to Zu\u0308rich"}, "creme": {"Trip to Zu\u0308rich"}, "lodz": {"Łódź"}, "geneve": {}, "_": {}} {
		require.Equal(t, want, finds(t, s, ada.Owner, sought), "%q", sought)
	}
	before, err := s.Task(ctx, ada.Owner, old)
	require.NoError(t, err)
	require.Equal(t, "Trip to Zu\u0308rich", before.Title)

	n, err := s.UpdateSearch(ctx, 1000)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	for sought, want := range map[string][]string{"zurich": {"Trip to Zürich"}, "creme": {"Trip to Zürich"}, "lodz": {"Łódź"}, "geneve": {}, "_": {}} {
		require.Equal(t, want, finds(t, s, ada.Owner, sought), "%q", sought)
	}
	after, err := s.Task(ctx, ada.Owner, old)
	require.NoError(t, err)
	require.Equal(t, "Trip to Zürich", after.Title)
	before.Title = after.Title
	require.Equal(t, before, after, "neither the version nor the time of the change differ")
	n, err = s.UpdateSearch(ctx, 1000)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestTextThatIsTooLongInNFCStaysAsItIs(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	s := testbed.StoreAt(t, dsn)
	ada := testbed.SignIn(t, s)
	added := addText(t, s, ada.Owner, "x", "")
	pool, err := sql.Open("mysql", dsn+"&interpolateParams=true")
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	title, body := strings.Repeat("\u0958", task.MaxTitle), strings.Repeat("\u0958", task.MaxBody/3)
	_, err = pool.ExecContext(ctx, `UPDATE tasks SET title = ?, body = ?, version = 2 WHERE id = ?`, title, body, added.ID[:])
	require.NoError(t, err)
	n, err := s.UpdateSearch(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	found, err := s.Task(ctx, ada.Owner, added.ID)
	require.NoError(t, err)
	require.Equal(t, title, found.Title)
	require.Equal(t, body, found.Body)
	require.Equal(t, []string{title}, finds(t, s, ada.Owner, "क"))
}

// TestTheSweepOfSearchesContinuesWhereItEnded has two pages of tasks, all out of date.
func TestTheSweepOfSearchesContinuesWhereItEnded(t *testing.T) {
	t.Parallel()
	dsn, ctx := testbed.Database(t), context.Background()
	s := testbed.StoreAt(t, dsn)
	pool, err := sql.Open("mysql", dsn+"&interpolateParams=true")
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	const tasks, page = 1200, 1000
	owner := uuid.New()
	values := strings.Repeat(`, (?, ?, 'a', '', '2026-12-24', FALSE, NOW(6), NOW(6), 1, '', 'none', '[]')`, tasks)
	var args []any
	for range tasks {
		id := testbed.NewID(t)
		args = append(args, owner[:], id[:])
	}
	_, err = pool.ExecContext(ctx, `INSERT INTO tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions) VALUES `+
		strings.TrimPrefix(values, ", "), args...)
	require.NoError(t, err)
	for _, want := range []int{page, tasks - page} {
		n, err := s.UpdateSearch(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	_, err = pool.ExecContext(ctx, `UPDATE tasks SET version = 2`)
	require.NoError(t, err)
	n, err := s.UpdateSearch(ctx, tasks)
	require.NoError(t, err)
	require.Equal(t, tasks, n, "it starts again after the last task")
}
