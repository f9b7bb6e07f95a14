package store_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"
	"snaptask/functions/internal/text"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// library adds many kinds of tasks for a person and returns the stored tasks.
func library(t *testing.T, s *store.Store, ada testbed.Person, count int, random *rand.Rand) []task.Task {
	t.Helper()
	ctx := context.Background()
	labels := []string{"pier", "espresso", "tabby"}
	titles := []string{"Fix the PIER", "100% sure", "a_b", "bang! bang", "Café"}
	for i := range count {
		d, err := task.New(task.Draft{
			Title: titles[random.IntN(len(titles))] + " " + fmt.Sprint(i), Body: strings.Repeat("x", random.IntN(3)),
			DueDate: fmt.Sprintf("2026-11-%02d", 20+random.IntN(10)),
		}, time.Now())
		require.NoError(t, err)
		added, err := s.AddTask(ctx, ada.Owner, d)
		require.NoError(t, err)
		if random.IntN(2) == 0 {
			_, _, err := s.SetPicture(ctx, ada.Owner, added.ID, "key-"+fmt.Sprint(i), 1000, task.ImageDone, []task.Prediction{
				{Label: labels[random.IntN(len(labels))], Score: .6}, {Label: "weak", Score: .01}})
			require.NoError(t, err)
		}
		if random.IntN(3) == 0 {
			now, err := s.Task(ctx, ada.Owner, added.ID)
			require.NoError(t, err)
			done := true
			_, err = s.UpdateTask(ctx, ada.Owner, added.ID, task.Change{Completed: &done, Version: &now.Version})
			require.NoError(t, err)
		}
	}
	all, more, err := s.Tasks(ctx, ada.Owner, testbed.Everything())
	require.NoError(t, err)
	require.False(t, more)
	return all
}

// matches reports whether a task matches the filter, without a database.
func matches(f task.Filter, t task.Task) bool {
	label := f.Label == "" || slices.ContainsFunc(task.ShownPredictions(t.Predictions), func(p task.Prediction) bool { return p.Label == f.Label })
	found := strings.Contains(text.Fold(t.Title)+"\n"+text.Fold(t.Body), strings.TrimSpace(text.Fold(f.Text)))
	return label && found && (f.Completed == nil || *f.Completed == t.Completed) &&
		(f.DueFrom == "" || t.DueDate >= f.DueFrom) && (f.DueTo == "" || t.DueDate <= f.DueTo)
}

func expected(f task.Filter, all []task.Task) []uuid.UUID {
	var kept []task.Task
	for _, t := range all {
		if matches(f, t) {
			kept = append(kept, t)
		}
	}
	slices.SortFunc(kept, func(a, b task.Task) int {
		if f.Sort == task.ByDue {
			return cmp.Or(cmp.Compare(a.DueDate, b.DueDate), cmp.Compare(a.ID.String(), b.ID.String()))
		}
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), cmp.Compare(b.ID.String(), a.ID.String()))
	})
	ids := []uuid.UUID{}
	for _, t := range kept {
		ids = append(ids, t.ID)
	}
	return ids
}

// TestEveryFilterFindsItsTasks compares every combination of filters, page by page, with matches.
func TestEveryFilterFindsItsTasks(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada, eve := testbed.SignIn(t, s), testbed.SignIn(t, s)
	const seed = 1
	random := rand.New(rand.NewPCG(seed, seed))
	library(t, s, eve, 10, random)
	all := library(t, s, ada, 60, random)

	tried := 0
	for _, status := range []string{"", "open", "done"} {
		for _, due := range []string{"", "overdue", "today", "week"} {
			for _, label := range []string{"", "pier", "weak", "PIER'--"} {
				for _, sought := range []string{"", "pier", "100%", "_", "!", "CAFE\u0301", "nothing"} {
					for _, sort := range []string{"created", "due"} {
						fields := map[string]string{"status": status, "due": due, "label": label, "q": sought, "sort": sort, "today": "2026-11-23", "limit": "7"}
						got := []uuid.UUID{}
						var f task.Filter
						for {
							var err error
							f, err = task.ParseFilter(query(fields), time.Now())
							require.NoError(t, err)
							page, more, err := s.Tasks(ctx, ada.Owner, f)
							require.NoError(t, err)
							for _, p := range page {
								got = append(got, p.ID)
							}
							if !more {
								break
							}
							require.Len(t, page, 7)
							fields["cursor"] = f.Cursor(page[len(page)-1])
						}
						require.Equal(t, expected(f, all), got, "seed %d: %v", seed, fields)
						tried++
					}
				}
			}
		}
	}
	require.Equal(t, 3*4*4*7*2, tried)
}

func TestAPageHasAtMostOneMebibyteOfText(t *testing.T) {
	t.Parallel()
	s, ctx := testbed.Store(t), context.Background()
	ada := testbed.SignIn(t, s)
	for i := range 40 {
		d, err := task.New(task.Draft{Title: fmt.Sprint(i), Body: strings.Repeat("x", 65_535), DueDate: "2026-12-24"}, time.Now())
		require.NoError(t, err)
		_, err = s.AddTask(ctx, ada.Owner, d)
		require.NoError(t, err)
	}
	seen, pages := 0, 0
	f := testbed.Everything()
	for more := true; more; pages++ {
		var page []task.Task
		var err error
		page, more, err = s.Tasks(ctx, ada.Owner, f)
		require.NoError(t, err)
		require.NotEmpty(t, page)
		require.LessOrEqual(t, len(page), 16, "16 bodies are 1 MiB")
		seen += len(page)
		last := page[len(page)-1]
		f.After = &task.Place{CreatedAt: last.CreatedAt, ID: last.ID}
	}
	require.Equal(t, 40, seen)
	require.Equal(t, 3, pages)
}

func query(fields map[string]string) url.Values {
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	return values
}
