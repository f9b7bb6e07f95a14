//go:build linux

package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"
)

// starting is the case of a process's first answer: from just before exec to the end of an answer that needed a query.
func starting(b *bench, _ []contenderResult) (done []figure) {
	a := b.newAccount("starter")
	b.insertOurs(a, 20)
	b.insertFlask(a, 20)
	function := func(name string) func() *program {
		b.build(name)
		return func() *program { return b.launchFunction(name, name+"-started", b.dsn(), nil) }
	}
	starters := []struct {
		name    string
		launch  func() *program
		request *fasthttp.Request
		status  int
		atMost  float64 // milliseconds
		times   []float64
	}{
		{name: "get-tasks", launch: function("get-tasks"), request: newRequest("GET", "/", a.ourToken, "", nil), status: 200, atMost: 30},
		{name: "predict-image", launch: function("predict-image"), request: newRequest("PUT", "/?id="+uuid.Must(uuid.NewV7()).String(), a.ourToken, "", nil), status: 404, atMost: 30},
		{name: flaskName, launch: func() *program { return b.launchFlask("flask-started", false) }, request: newRequest("GET", "/get-tasks", a.flaskToken, "", nil), status: 200},
	}
	rounds := 4 * b.repetitions
	for range rounds {
		for i := range starters {
			s := &starters[i]
			began := time.Now()
			p := s.launch()
			answer := b.firstAnswer(p, s.request)
			s.times = append(s.times, milliseconds(time.Since(began)))
			check(expect(answer, s.status))
			p.stop()
		}
	}
	for _, s := range starters {
		done = append(done, newFigure(median(s.times), "ms", 0, s.atMost, "%s, median of %d starts", s.name, rounds))
	}
	return append(done, newFigure(median(starters[2].times)/median(starters[0].times), "times as long", 0, 0, "%s beside get-tasks", flaskName))
}

// idling is the case of idle functions: the memory of their processes, and the size of their programs, which make up nearly
// all of their images.
func idling(b *bench, _ []contenderResult) (done []figure) {
	names := slices.Sorted(maps.Keys(b.stack))
	var started []*program
	for _, name := range names {
		p := b.launchFunction(name, name+"-idle", b.dsn(), nil)
		defer p.stop()
		b.firstAnswer(p, newRequest("GET", "/_/health", "", "", nil))
		started = append(started, p)
	}
	time.Sleep(2 * time.Second)
	var largest float64
	for i, name := range names {
		size := float64(must(os.Stat(filepath.Join(b.folder, "programs", name))).Size()) / megabyte
		largest = max(largest, size)
		done = append(done, newFigure(float64(memoryOf(started[i].pid).rss)/megabyte, "MB", 0, 18, "%s (program of %s MB)", name, number(size)))
	}
	return append(done, newFigure(largest, "MB", 0, 20, "largest program"))
}
