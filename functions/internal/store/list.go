package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"snaptask/functions/internal/task"
)

// pageBytes is how much text the tasks of one page may have, the first aside: a limit of tasks alone would let their
// owner fill the memory of a function.
const pageBytes = 1 << 20

var errPageFull = errors.New("page full")

// Tasks lists those of the owner's tasks that the filter wants, at most its limit and about 1 MiB, and says whether there
// are more. It is one statement, and each of its orders is that of an index. The second result is false at the end of
// the list.
func (s *Store) Tasks(ctx context.Context, owner task.Owner, f task.Filter) (all []task.Task, more bool, err error) {
	text, args := find(owner, f)
	size := 0
	row := newTaskRow()
	start := func() { all, size = nil, 0 }
	err = s.query(ctx, start, func(rows *sql.Rows) error {
		t, err := row.scan(rows)
		if err != nil {
			return err
		}
		size += len(t.Title) + len(t.Body)
		if size > pageBytes && len(all) > 0 {
			return errPageFull
		}
		all = append(all, t)
		return nil
	}, text, args...)
	switch {
	case errors.Is(err, errPageFull):
		return all[:min(len(all), f.Limit)], true, nil
	case err != nil:
		return nil, false, err
	case len(all) == 0:
		return nil, false, s.orUnauthorized(ctx, owner, nil)
	case len(all) > f.Limit:
		return all[:f.Limit], true, nil
	}
	return all, false, nil
}

// find puts the statement together of constant parts; every value is a parameter.
func find(owner task.Owner, f task.Filter) (text string, args []any) {
	var b strings.Builder
	where := func(condition string, values ...any) {
		b.WriteString(condition)
		args = append(args, values...)
	}
	id := `t.id`
	b.WriteString(`SELECT ` + columns + ` FROM sessions s`)
	if f.Label == "" {
		b.WriteString(` JOIN tasks t ON t.user_id = s.user_id`)
	} else {
		id = `l.task_id` // the same, but the order of the label's index
		where(` JOIN task_labels l ON l.user_id = s.user_id AND l.label = ?
			JOIN tasks t ON t.user_id = l.user_id AND t.id = l.task_id`, f.Label)
	}
	where(` WHERE `+living, session(owner)...)
	if f.Completed != nil {
		where(` AND t.completed = ?`, *f.Completed)
	}
	if f.DueFrom != "" {
		where(` AND t.due_date >= ?`, string(f.DueFrom))
	}
	if f.DueTo != "" {
		where(` AND t.due_date <= ?`, string(f.DueTo))
	}
	if f.Text != "" {
		pattern := "%" + likeEscaper.Replace(f.Text) + "%"
		where(` AND (t.title LIKE ? ESCAPE '!' OR t.body LIKE ? ESCAPE '!')`, pattern, pattern)
	}
	if f.Sort == task.ByDue {
		if f.After != nil {
			day := string(f.After.DueDate)
			where(` AND t.due_date >= ? AND (t.due_date > ? OR t.id > ?)`, day, day, f.After.ID[:])
		}
		where(` ORDER BY t.due_date, t.id LIMIT ?`, f.Limit+1)
		return b.String(), args
	}
	if f.After != nil {
		where(` AND `+id+` < ?`, f.After.ID[:])
	}
	where(` ORDER BY `+id+` DESC LIMIT ?`, f.Limit+1)
	return b.String(), args
}

// likeEscaper makes the wildcards of LIKE stand for themselves.
var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
