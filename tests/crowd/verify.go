package crowd

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tries is how often something is asked at the end, when everything works.
const tries = 5

// pages reads all tasks of the person, limit at a time. It gives up at an unclear answer.
func (p *person) pages(ctx context.Context, limit int) (all []task, ok bool) {
	first := url.Values{"limit": {strconv.Itoa(limit)}}
	for query := "?" + first.Encode(); query != ""; {
		got := p.call(ctx, "list", http.MethodGet, "get-tasks"+query, nil)
		if got.again() {
			return nil, false
		}
		var page []task
		if err := json.Unmarshal(got.body, &page); got.status != http.StatusOK || err != nil || len(page) > limit {
			p.crowd.Violated("list was answered %d %.300s", got.status, got.body)
			return nil, false
		}
		for _, t := range page {
			if err := t.check(); err != nil {
				p.crowd.Violated("list: %v", err)
			}
		}
		all = append(all, page...)
		query = strings.TrimSuffix(strings.TrimPrefix(got.header.Get("Link"), "<"), `>; rel="next"`)
	}
	return all, true
}

// verify compares everything that was acknowledged to the person with what the application says now.
func (p *person) verify(ctx context.Context) {
	begun := time.Now()
	var listed []task
	ok := p.patiently(ctx, "list", func() (ok bool) {
		listed, ok = p.pages(ctx, 200)
		return ok
	})
	if !ok {
		return
	}
	known := map[string]bool{}
	for _, w := range p.workers {
		for _, l := range w.all {
			known[l.id] = true
			w.compare(l, begun, listed)
		}
	}
	for _, t := range listed {
		if t.ImageStatus == "pending" {
			p.crowd.Violated("the picture of task %s is not recognised, though a sweep has been", t.ID)
		}
		if !known[t.ID] {
			p.crowd.Violated("nobody made task %+v", t)
		}
	}
	p.crowd.checked(len(known), len(listed))
	p.verifyPictures(ctx, listed)
	p.verifyLabels(ctx, listed)
}

// verifyPictures fetches the picture of each task that has one, in both sizes.
func (p *person) verifyPictures(ctx context.Context, listed []task) {
	for _, w := range p.workers {
		for _, l := range w.all {
			if !slices.ContainsFunc(listed, func(t task) bool { return t.ID == l.id && t.Upload }) {
				continue
			}
			for _, size := range []string{"full", "thumb"} {
				p.patiently(ctx, "get picture", func() bool { return w.fetch(ctx, l, size) })
			}
			p.crowd.fetched()
		}
	}
}

// verifyLabels finds each recognised task by the best of its labels, if it is good enough to be shown.
func (p *person) verifyLabels(ctx context.Context, listed []task) {
	wanted := map[string][]string{}
	for _, t := range listed {
		if t.ImageStatus == "done" && t.Predictions[0].Score >= leastScore {
			wanted[t.Labels[0]] = append(wanted[t.Labels[0]], t.ID)
		}
	}
	for label, ids := range wanted {
		p.patiently(ctx, "by label", func() bool {
			got := p.call(ctx, "by label", http.MethodGet, "get-tasks?"+url.Values{"label": {label}, "limit": {"1000"}}.Encode(), nil)
			if got.again() {
				return false
			}
			for _, id := range ids {
				if !strings.Contains(string(got.body), id) {
					p.crowd.Violated("task %s is not found by its label %q", id, label)
				}
			}
			return true
		})
	}
}

// patiently asks until there is a clear answer, a few times.
func (p *person) patiently(ctx context.Context, what string, ask func() bool) bool {
	for range tries {
		if ask() {
			return true
		}
		Pause(ctx, time.Second)
	}
	p.crowd.Violated("%s: no clear answer in %d tries, though everything works", what, tries)
	return false
}
