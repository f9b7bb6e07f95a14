package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"snaptask/functions/internal/task"
	"snaptask/functions/internal/text"

	"github.com/google/uuid"
)

// writtenColumns are taskColumns and those that a search reads. writtenFields has their values in the same order.
var writtenColumns = append(slices.Clone(taskColumns), "search", "search_version")

func writtenFields(t *task.Task) []any {
	return append(taskFields(t), searchText(t.Title, t.Body), t.Version)
}

// searchText returns the text in which a task is searched. No search spans the line feed: a folded text has none.
func searchText(title, body string) string { return text.Fold(title) + "\n" + text.Fold(body) }

// searchCondition returns the condition for tasks t that have the text in the title or the body, or "" if nothing is left of
// the text without what a search ignores. A task whose search column is out of date is compared by the collation.
func searchCondition(sought string) (where string, args []any) {
	folded := strings.TrimSpace(text.Fold(sought))
	if folded == "" {
		return "", nil
	}
	pattern, collated := containing(folded), containing(strings.TrimSpace(sought))
	return `((t.search_version = t.version AND t.search LIKE ? ESCAPE '!')
		OR (t.search_version <> t.version AND (t.title LIKE ? ESCAPE '!' OR t.body LIKE ? ESCAPE '!')))`, []any{pattern, collated, collated}
}

// containing returns the pattern of LIKE for everything that contains the text.
func containing(text string) string { return "%" + likeEscaper.Replace(text) + "%" }

// likeEscaper escapes the wildcards of LIKE.
var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

const (
	searchPage  = 1000 // tasks that one statement looks at
	searchChunk = 50   // tasks whose texts are in memory, and locked, at once
)

// UpdateSearch brings the search columns of tasks up to date, and the texts of those tasks to NFC, without a new version of
// the tasks. It looks at the next limit tasks, or a few more, from where the call before ended, and starts again after the
// last task. It returns how many it changed.
func (s *Store) UpdateSearch(ctx context.Context, limit int) (changed int, err error) {
	const name = "search"
	found, err := query(ctx, s, scanValue[[]byte], `SELECT position FROM sweep_state WHERE name = ?`, name)
	if err != nil {
		return 0, err
	}
	var last []any // a key of tasks
	if len(found) > 0 && len(found[0]) == 2*len(uuid.UUID{}) {
		last = []any{found[0][:len(uuid.UUID{})], found[0][len(uuid.UUID{}):]}
	}
	for looked := 0; looked < limit; looked += searchPage {
		where, args := after([]string{"user_id", "id"}, last)
		page, err := query(ctx, s, scanSearchState, `SELECT user_id, id, search_version = version FROM tasks WHERE `+where+` ORDER BY user_id, id LIMIT ?`,
			append(args, searchPage)...)
		if err != nil {
			return changed, err
		}
		stale := slices.DeleteFunc(slices.Clone(page), func(t searchState) bool { return t.current })
		for chunk := range slices.Chunk(stale, searchChunk) {
			n, err := s.updateSearch(ctx, chunk)
			changed += n
			if err != nil {
				return changed, err
			}
		}
		if len(page) < searchPage {
			_, err := s.exec(ctx, `DELETE FROM sweep_state WHERE name = ?`, name)
			return changed, err
		}
		end := page[len(page)-1]
		last = []any{end.userID[:], end.id[:]}
		if _, err := s.exec(ctx, `INSERT INTO sweep_state (name, position) VALUES (?, ?) ON DUPLICATE KEY UPDATE position = VALUES(position)`,
			name, slices.Concat(end.userID[:], end.id[:])); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// searchState is the key of a task, and whether its search columns are those of its version.
type searchState struct {
	userID, id uuid.UUID
	current    bool
}

func scanSearchState(row scanner) (t searchState, err error) {
	err = row.Scan(&t.userID, &t.id, &t.current)
	return t, err
}

// updateSearch brings the given tasks up to date, in one transaction. A task that is changed meanwhile is left to its writer.
func (s *Store) updateSearch(ctx context.Context, stale []searchState) (changed int, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		changed = 0
		for _, t := range stale {
			var title, body string
			var version uint32
			err := tx.QueryRowContext(ctx, `SELECT title, body, version FROM tasks WHERE user_id = ? AND id = ? AND search_version <> version`,
				t.userID[:], t.id[:]).Scan(&title, &body, &version)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			title, body = inNFC(title, body)
			rows, err := rowsFound(tx.ExecContext(ctx, `UPDATE tasks SET title = ?, body = ?, search = ?, search_version = version WHERE user_id = ? AND id = ? AND version = ?`,
				title, body, searchText(title, body), t.userID[:], t.id[:], version))
			if err != nil {
				return err
			}
			changed += int(rows)
		}
		return nil
	})
	return changed, err
}

// inNFC returns the texts of a task in NFC, or as they are if they are too long in NFC for their columns.
func inNFC(title, body string) (string, string) {
	if normal := text.NFC(title); utf8.RuneCountInString(normal) <= task.MaxTitle {
		title = normal
	}
	if normal := text.NFC(body); len(normal) <= task.MaxBody {
		body = normal
	}
	return title, body
}
