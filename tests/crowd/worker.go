package crowd

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// enough is how many tasks a worker has at once before deleting comes before creating.
const enough = 25

// worker is one window of a person. Each task is worked on in one of them only, call after call, so that what it must
// look like is known.
type worker struct {
	*person
	pictures []picture
	random   *rand.Rand
	all      []*ledger // of every task that this window ever made
	count    int
}

// work goes on until ctx ends.
func (w *worker) work(ctx context.Context) {
	for ctx.Err() == nil {
		w.act(ctx)
		Pause(ctx, time.Duration(w.random.IntN(30))*time.Millisecond)
	}
}

// act does one thing.
func (w *worker) act(ctx context.Context) {
	mine := w.mine()
	what := w.random.IntN(100)
	switch l := pick(w.random, mine); {
	case l == nil || what < 22 && len(mine) < enough:
		w.create(ctx)
	case what < 40:
		w.update(ctx, l, 0)
	case what < 43:
		w.update(ctx, l, 1)
	case what < 60:
		w.attach(ctx, l)
	case what < 64:
		w.recognise(ctx, l)
	case what < 70:
		w.detach(ctx, l)
	case what < 80:
		w.delete(ctx, l)
	case what < 82:
		w.delete(ctx, pick(w.random, w.all)) // one that is gone, mostly
	case what < 84:
		w.say(ctx, "create late", pick(w.random, w.all), w.draft())
	case what < 90:
		w.list(ctx)
	case what < 97:
		w.fetch(ctx, l, "full")
	default:
		w.look(ctx, l)
	}
}

// mine are the ledgers of the tasks that are there.
func (w *worker) mine() (there []*ledger) {
	for _, l := range w.all {
		if l.is(present) {
			there = append(there, l)
		}
	}
	return there
}

// follow notes what came of a call, and after an unclear answer asks until it is clear how the task is. done says what
// a clear answer means.
func (w *worker) follow(ctx context.Context, l *ledger, got answer, e effect, done func() error) {
	if !got.again() {
		w.must(got, done())
		return
	}
	l.unsure(e)
	for ctx.Err() == nil && !w.look(ctx, l) {
		Pause(ctx, 200*time.Millisecond)
	}
}

// must reports what an answer contradicts.
func (w *worker) must(got answer, err error) {
	if err != nil {
		w.crowd.Violated("%s was answered %d %.400s: %v", got.kind, got.status, got.body, err)
	}
}

// changed is what a clear answer to a change of a task means: 200 with the task, else 404 where there is none, or one of
// the refusals that others explain.
func (w *worker) changed(l *ledger, got answer, e effect, others map[int]func(state) bool) func() error {
	return func() error {
		if got.status == http.StatusOK {
			t, err := got.task()
			if err != nil {
				return err
			}
			return l.sure(e, got.begun, t.in)
		}
		explained := others[got.status]
		return l.observe(got.begun, func(s state) bool {
			return got.status == http.StatusNotFound && absent(s) || explained != nil && explained(s)
		})
	}
}

// create makes a task with an id of its own, and sometimes says the same again.
func (w *worker) create(ctx context.Context) {
	id, err := uuid.NewV7()
	if err != nil {
		w.crowd.Violated("no id: %v", err)
		return
	}
	l := newLedger(id.String())
	w.all = append(w.all, l)
	d := w.draft()
	kind := "create"
	for again := true; again && ctx.Err() == nil; kind = "create again" {
		again = w.say(ctx, kind, l, d).again() || w.random.IntN(8) == 0
	}
}

// say sends a draft for a task, which is there, or is no more, if it was said before.
func (w *worker) say(ctx context.Context, kind string, l *ledger, d draft) answer {
	body, _ := json.Marshal(map[string]string{"id": l.id, "title": d.title, "body": d.body, "dueDate": d.due})
	got := w.call(ctx, kind, http.MethodPost, "create-task", body)
	w.follow(ctx, l, got, create(d), w.changed(l, got, createAgain(d), map[int]func(state) bool{
		http.StatusConflict: func(s state) bool { return s.existence == deleted },
	}))
	return got
}

func (w *worker) draft() draft {
	w.count++
	return draft{
		title: fmt.Sprintf("task %d", w.count), body: strings.Repeat("x", w.random.IntN(40)),
		due: time.Date(2026, 12, 1+w.random.IntN(31), 0, 0, 0, 0, time.UTC).Format(time.DateOnly),
	}
}

// update changes a task, naming the version that it has, or one that it had.
func (w *worker) update(ctx context.Context, l *ledger, behind int) {
	d, completed, version := w.draft(), w.random.IntN(2) == 0, l.possible[0].version-behind
	if version < 1 {
		return
	}
	body, _ := json.Marshal(map[string]any{"title": d.title, "body": d.body, "dueDate": d.due, "completed": completed, "version": version})
	got := w.call(ctx, "update", http.MethodPatch, "update-task?id="+l.id, body)
	e := update(d, completed, version)
	w.follow(ctx, l, got, e, w.changed(l, got, e, map[int]func(state) bool{
		http.StatusConflict: func(s state) bool { return s.existence == present && s.version != version },
	}))
}

// delete removes a task.
func (w *worker) delete(ctx context.Context, l *ledger) {
	got := w.call(ctx, "delete", http.MethodDelete, "delete-task?id="+l.id, nil)
	w.follow(ctx, l, got, remove, func() error {
		if got.status == http.StatusOK {
			return l.sure(remove, got.begun, func(state) bool { return true })
		}
		return l.observe(got.begun, func(s state) bool { return got.status == http.StatusNotFound && absent(s) })
	})
}

// attach puts a picture, a small one mostly.
func (w *worker) attach(ctx context.Context, l *ledger) {
	p, err := drawn(w.random)
	if err != nil {
		w.crowd.Violated("no picture: %v", err)
		return
	}
	if w.random.IntN(6) == 0 {
		p = pick(w.random, w.pictures)
	}
	got := w.call(ctx, "picture", http.MethodPut, "predict-image?id="+l.id, p.data)
	if got.status == http.StatusServiceUnavailable && strings.Contains(string(got.body), "The picture is kept") {
		w.must(got, l.sure(attach(p.size, "pending"), got.begun, func(state) bool { return true }))
		w.look(ctx, l)
		return
	}
	w.follow(ctx, l, got, attach(p.size, "pending", "done"), w.changed(l, got, attach(p.size, "done"), nil))
}

// recognise has the picture of a task looked at again.
func (w *worker) recognise(ctx context.Context, l *ledger) {
	got := w.call(ctx, "picture again", http.MethodPost, "predict-image?id="+l.id, nil)
	bare := func(s state) bool { return s.picture == "" }
	w.follow(ctx, l, got, recognise, w.changed(l, got, recognise, map[int]func(state) bool{http.StatusNotFound: bare}))
}

// detach takes the picture off a task.
func (w *worker) detach(ctx context.Context, l *ledger) {
	got := w.call(ctx, "picture off", http.MethodDelete, "delete-image?id="+l.id, nil)
	bare := func(s state) bool { return s.picture == "" }
	w.follow(ctx, l, got, detach, w.changed(l, got, detach, map[int]func(state) bool{http.StatusNotFound: bare}))
}

// look reads one task, and says whether the answer was clear.
func (w *worker) look(ctx context.Context, l *ledger) bool {
	got := w.call(ctx, "one task", http.MethodGet, "get-tasks?id="+l.id, nil)
	if got.again() {
		return false
	}
	unchanged := func(s state) []state { return []state{s} }
	w.must(got, w.changed(l, got, unchanged, nil)())
	return true
}

// fetch gets the picture of a task, which has to be the one that was put.
func (w *worker) fetch(ctx context.Context, l *ledger, size string) (ok bool) {
	got := w.call(ctx, "get picture", http.MethodGet, "get-image?id="+l.id+"&size="+size, nil)
	if got.again() {
		return false
	}
	w.must(got, l.observe(got.begun, func(s state) bool {
		if got.status != http.StatusOK {
			return got.status == http.StatusNotFound && s.picture == ""
		}
		shown, err := sizeOf(got.body)
		return err == nil && s.picture != "" && (shown == s.picture || size != "full")
	}))
	return true
}

// list reads all tasks of the person, page by page, and compares those of this window.
func (w *worker) list(ctx context.Context) {
	begun := time.Now()
	listed, ok := w.pages(ctx, 5+w.random.IntN(30))
	if !ok {
		return
	}
	for _, l := range w.all {
		w.compare(l, begun, listed)
	}
}

// compare checks a task against a list of all of them.
func (w *worker) compare(l *ledger, begun time.Time, listed []task) {
	seen := absent
	i := slices.IndexFunc(listed, func(t task) bool { return t.ID == l.id })
	if i >= 0 {
		seen = listed[i].in
	}
	if err := l.observe(begun, seen); err != nil {
		found := "it is not there"
		if i >= 0 {
			found = fmt.Sprintf("%+v", listed[i])
		}
		w.crowd.Violated("list: %s; %v", found, err)
	}
}
