package store

import (
	"context"
	"database/sql"
	"strings"

	"snaptask/functions/internal/task"
)

// pageBytes limits the text of the tasks in one page, besides the first task. If only the number of tasks were limited, their
// owner could exhaust the memory of a function.
const pageBytes = 1 << 20

// Tasks returns those of the owner's tasks that match the filter, at most its limit and about 1 MiB, and reports whether
// there are more. It is one statement, and each order that it sorts by is that of an index.
func (s *Store) Tasks(ctx context.Context, owner task.Owner, f task.Filter) (page []task.Task, more bool, err error) {
	text, args := listStatement(owner, f)
	err = s.retry(ctx, func(ctx context.Context) error {
		rows, err := s.pool.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		page, more, err = readPage(rows, f.Limit)
		return err
	})
	if err == nil && len(page) == 0 {
		err = s.orSessionEnded(ctx, owner, nil)
	}
	return page, more, err
}

func readPage(rows *sql.Rows, limit int) (page []task.Task, more bool, err error) {
	defer rows.Close()
	page = []task.Task{} // in JSON, an empty list is not null
	size := 0
	scan := taskScanner()
	for rows.Next() {
		if len(page) == limit {
			return page, true, nil
		}
		t, err := scan(rows)
		if err != nil {
			return nil, false, err
		}
		size += len(t.Title) + len(t.Body)
		if size > pageBytes && len(page) > 0 {
			return page, true, nil
		}
		page = append(page, t)
	}
	return page, false, rows.Err()
}

// listStatement builds the SELECT of Tasks from constant parts; every value is a parameter. It asks for one row more than
// the limit, to know whether there are more.
func listStatement(owner task.Owner, f task.Filter) (text string, args []any) {
	var b strings.Builder
	where := func(condition string, values ...any) {
		b.WriteString(condition)
		args = append(args, values...)
	}
	created, id := `t.created_at`, `t.id`
	b.WriteString(selectTask + ` FROM sessions s`)
	if f.Label == "" {
		b.WriteString(` JOIN tasks t ON t.user_id = s.user_id`)
	} else {
		created, id = `l.created_at`, `l.task_id` // equal the task's, and follow the order of the label's index
		where(` JOIN task_labels l ON l.user_id = s.user_id AND l.label = ?
			JOIN tasks t ON t.user_id = l.user_id AND t.id = l.task_id`, f.Label)
	}
	where(` WHERE `+validSession, sessionOf(owner)...)
	if f.Completed != nil {
		where(` AND t.completed = ?`, *f.Completed)
	}
	if f.DueFrom != "" {
		where(` AND t.due_date >= ?`, string(f.DueFrom))
	}
	if f.DueTo != "" {
		where(` AND t.due_date <= ?`, string(f.DueTo))
	}
	if condition, values := searchCondition(f.Text); condition != "" {
		where(` AND `+condition, values...)
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
		at := timeColumn(f.After.CreatedAt)
		where(` AND `+created+` <= ? AND (`+created+` < ? OR `+id+` < ?)`, at, at, f.After.ID[:])
	}
	where(` ORDER BY `+created+` DESC, `+id+` DESC LIMIT ?`, f.Limit+1)
	return b.String(), args
}
