package workload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"snaptask/tests/client"
)

// maxTasks is the number of tasks from which a window deletes rather than creates.
const maxTasks = 25

// user works in several windows at once.
type user struct {
	*Workload
	client  client.Client
	windows []*window
}

// window is one of a user's windows. It makes one call after another, and no other window writes its tasks, so it knows the state that
// each of them must have.
type window struct {
	*user
	random  *rand.Rand
	records []*record // of every task that this window created
	drafts  int
}

// work makes calls until ctx ends.
func (w *window) work(ctx context.Context) {
	for ctx.Err() == nil {
		w.act(ctx)
		Pause(ctx, time.Duration(w.random.IntN(30))*time.Millisecond)
	}
}

// act makes one random call.
func (w *window) act(ctx context.Context) {
	tasks := slices.DeleteFunc(slices.Clone(w.records), func(r *record) bool { return !r.isPresent() })
	choice := w.random.IntN(100)
	if len(tasks) == 0 || choice < 22 && len(tasks) < maxTasks {
		w.create(ctx)
		return
	}
	r, earlier := tasks[w.random.IntN(len(tasks))], w.records[w.random.IntN(len(w.records))]
	switch {
	case choice < 40:
		w.update(ctx, r, 0)
	case choice < 43:
		w.update(ctx, r, 1)
	case choice < 60:
		w.putImage(ctx, r)
	case choice < 64:
		w.write(ctx, r, "predict again", predict, predict, w.taskCall(w.client.PredictAgain, r), map[int]condition{http.StatusNotFound: withoutImage})
	case choice < 70:
		w.write(ctx, r, "delete image", detach, detach, w.taskCall(w.client.DeleteImage, r), map[int]condition{http.StatusNotFound: withoutImage})
	case choice < 80:
		w.delete(ctx, r)
	case choice < 82:
		w.delete(ctx, earlier) // usually already deleted
	case choice < 84:
		w.sendDraft(ctx, "create late", earlier, w.draft())
	case choice < 90:
		w.list()
	case choice < 97:
		w.readImage(r, "full")
	default:
		w.readTask(r)
	}
}

// condition is a condition on the state of a task.
type condition = func(state) bool

// taskCall adapts a call that returns a task; deletions return none.
func (w *window) taskCall(do func(context.Context, string) (client.Task, error), r *record) func() (*client.Task, error) {
	return func() (*client.Task, error) {
		task, err := do(w.t.Context(), r.id)
		return &task, err
	}
}

// write makes a call that writes a task and records its answer: as done if the status is 200, as lost if its outcome is unknown, as
// not done if it failed otherwise. Any other status requires a possible state that meets its condition.
func (w *window) write(ctx context.Context, r *record, kind string, done, lost write, do func() (*client.Task, error), refusals map[int]condition) (answered bool) {
	a := call(w.Workload, kind, do)
	switch {
	case !a.failed():
		w.record(r, kind, a, done, refusals)
		return true
	case kind == putImage && a.status == http.StatusServiceUnavailable && strings.Contains(a.err.Error(), "is kept"): // without labels
		w.add(r, kind, a, lost, func(s state) bool { return s.status == "pending" })
	case a.unknown():
		r.addLost(lost)
	}
	for ctx.Err() == nil && !w.readTask(r) {
		Pause(ctx, 200*time.Millisecond)
	}
	return false
}

// record adds an answer to the record of a task.
func (w *window) record(r *record, kind string, a answer[*client.Task], done write, refusals map[int]condition) {
	if a.status == http.StatusOK {
		w.requireLabels(kind, a.value)
		w.add(r, kind, a, done, shows(a.value))
		return
	}
	w.add(r, kind, a, read, func(s state) bool {
		return a.status == http.StatusNotFound && s.existence != present || refusals[a.status] != nil && refusals[a.status](s)
	})
}

// add fails the test if an answer contradicts the record of a task.
func (w *window) add(r *record, kind string, a answer[*client.Task], effect write, matches condition) {
	if err := r.add(effect, a.begun, matches); err != nil {
		w.t.Errorf("%s: %d %+v, %v; %v", kind, a.status, a.value, a.err, err)
	}
}

// requireLabels fails the test unless the task has ten labels with its image or none without.
func (w *window) requireLabels(kind string, task *client.Task) {
	if task == nil {
		return
	}
	labels := map[string]int{"done": 10}[task.ImageStatus]
	if len(task.Labels) != labels || len(task.Predictions) != labels {
		w.t.Errorf("%s: the wrong number of labels: %+v", kind, task)
	}
}

// create makes a task, and sometimes sends it again.
func (w *window) create(ctx context.Context) {
	r := newRecord(uuid.Must(uuid.NewV7()).String())
	w.records = append(w.records, r)
	draft := w.draft()
	answered := w.sendDraft(ctx, "create", r, draft)
	for ctx.Err() == nil && (!answered || w.random.IntN(8) == 0) {
		answered = w.sendDraft(ctx, "create again", r, draft)
	}
}

func (w *window) sendDraft(ctx context.Context, kind string, r *record, d client.Draft) (answered bool) {
	return w.write(ctx, r, kind, create(d), create(d), func() (*client.Task, error) {
		task, err := w.client.CreateTask(w.t.Context(), r.id, d)
		return &task, err
	}, map[int]condition{http.StatusConflict: func(s state) bool { return s.existence == deleted }})
}

func (w *window) draft() client.Draft {
	w.drafts++
	return client.Draft{
		Title: fmt.Sprintf("task %d", w.drafts), Body: strings.Repeat("x", w.random.IntN(40)),
		DueDate: fmt.Sprintf("2026-12-%02d", 1+w.random.IntN(31)),
	}
}

// update changes a task, with its current version or with one that is stale by this many versions, and sometimes sends the
// change again.
func (w *window) update(ctx context.Context, r *record, stale int) {
	change := client.Change{Draft: w.draft(), Completed: w.random.IntN(2) == 0, Version: r.possible[0].Version - stale}
	if change.Version < 1 {
		return
	}
	answered := w.sendChange(ctx, "update", r, change)
	for ctx.Err() == nil && (!answered || w.random.IntN(8) == 0) {
		answered = w.sendChange(ctx, "update again", r, change)
	}
}

func (w *window) sendChange(ctx context.Context, kind string, r *record, c client.Change) (answered bool) {
	return w.write(ctx, r, kind, update(c), update(c), func() (*client.Task, error) {
		task, err := w.client.UpdateTask(w.t.Context(), r.id, c)
		return &task, err
	}, map[int]condition{http.StatusConflict: func(s state) bool { return s.existence == present && s.Version != c.Version && !isChanged(s, c) }})
}

func (w *window) delete(ctx context.Context, r *record) {
	w.write(ctx, r, "delete", remove, remove, func() (*client.Task, error) { return nil, w.client.DeleteTask(w.t.Context(), r.id) }, nil)
}

// putImage attaches an image, usually a small one.
const putImage = "put image" // the call that may keep an image without labels

func (w *window) putImage(ctx context.Context, r *record) {
	image := randomImage(w.random)
	if w.random.IntN(6) == 0 {
		image = w.photos[w.random.IntN(len(w.photos))]
	}
	w.write(ctx, r, putImage, attach(image.size, "done"), attach(image.size, "pending", "done"), func() (*client.Task, error) {
		task, err := w.client.PutImage(w.t.Context(), r.id, image.data)
		return &task, err
	}, nil)
}

// readTask reads one task and reports whether it was answered.
func (w *window) readTask(r *record) (answered bool) {
	a := call(w.Workload, "get task", w.taskCall(w.client.Task, r))
	if a.failed() {
		return false
	}
	w.record(r, "get task", a, read, nil)
	return true
}

// readImage reads the image of a task, which must be the one that was attached, and reports whether it was answered.
func (w *window) readImage(r *record, size string) (answered bool) {
	a := call(w.Workload, "get image", func() ([]byte, error) { return w.client.Image(w.t.Context(), r.id, size) })
	if a.failed() {
		return false
	}
	shown := newImage(a.value).size
	if err := r.add(read, a.begun, func(s state) bool {
		if a.status != http.StatusOK {
			return a.status == http.StatusNotFound && s.size == ""
		}
		return s.size != "" && shown != "" && (size != "full" || shown == s.size)
	}); err != nil {
		w.t.Errorf("get image: %d %s, %v; %v", a.status, shown, a.err, err)
	}
	return true
}

// list reads all tasks of the user, page by page, and compares those of this window.
func (w *window) list() {
	if all := w.user.list(5 + w.random.IntN(30)); !all.failed() {
		for _, r := range w.records {
			w.compare(r, all)
		}
	}
}

// list reads all tasks of the user, at most limit at a time, until a call fails.
func (u *user) list(limit int) (all answer[[]client.Task]) {
	all.begun = time.Now()
	all.status = http.StatusOK
	for query := (url.Values{"limit": {strconv.Itoa(limit)}}); query != nil && !all.failed(); {
		page := call(u.Workload, "list", func() (tasks []client.Task, err error) {
			tasks, query, err = u.client.Page(u.t.Context(), query)
			return tasks, err
		})
		if !page.failed() && page.status != http.StatusOK || len(page.value) > limit {
			u.t.Errorf("list: %d tasks, limit %d, %v", len(page.value), limit, page.err)
		}
		all.value, all.status, all.err = append(all.value, page.value...), page.status, page.err
	}
	return all
}

// compare compares the record of a task with a list of all tasks.
func (w *window) compare(r *record, list answer[[]client.Task]) {
	var listed *client.Task
	if i := slices.IndexFunc(list.value, func(t client.Task) bool { return t.ID == r.id }); i >= 0 {
		listed = &list.value[i]
	}
	w.record(r, "list", answer[*client.Task]{value: listed, begun: list.begun, status: list.status, err: list.err}, read, nil)
}
