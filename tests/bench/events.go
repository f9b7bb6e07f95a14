//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"snaptask/deploy/local/gateway"
	"snaptask/deploy/local/port"
	"snaptask/deploy/local/process"
	"snaptask/deploy/local/s3"
)

// eventToken is the secret of the object store's events.
const eventToken = "only-for-this-run-too"

// eventFrom is the size in bytes from which the web app sends a photo this way.
const eventFrom = 1 << 20

// byEvent is the case of a photo that goes to the object store, whose event goes through the gateway's queue to label-upload, beside
// the same photo sent to predict-image. The object store and the gateway are those of make run.
func byEvent(b *bench, _ []contenderResult) (done []figure) {
	store, functions := b.startEvents()
	for _, kind := range []photo{smallPhoto, {2560, 1920, 8}, largePhoto} {
		w := &eventWay{b: b, store: store, functions: functions, photo: kind.jpeg(b.root), account: b.newAccount(fmt.Sprintf("uploader-%d", kind.width))}
		atMost := 1.1
		if len(w.photo) < eventFrom {
			atMost = 0
		}
		done = append(done, w.compare(fmt.Sprintf("%d x %d px, %s MB", kind.width, kind.height, number(float64(len(w.photo))/megabyte)), atMost)...)
	}
	return done
}

// startEvents starts an object store that posts events, a gateway that queues them, and the functions of this way.
func (b *bench) startEvents() (store s3.Server, functions map[string]*program) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	store = s3.Server{Dir: filepath.Join(b.folder, "s3-events"), Port: must(port.Free()), AccessKey: "bench", SecretKey: "only-for-this-run",
		EventURL: fmt.Sprintf("http://events:%s@%s/async-function/label-upload", eventToken, listener.Addr())}
	direct := b.objects
	b.objects = store // for the functions that start here
	functions = map[string]*program{"upload-url": b.function("upload-url"), "label-upload": b.function("label-upload")}
	b.objects = direct
	front := gateway.New(b.ctx, gateway.Config{Event: func(text string) { log.Print(text) }, Functions: []*gateway.Function{
		{Name: "label-upload", Address: functions["label-upload"].address, Process: running{functions["label-upload"].pid}},
	}})
	go http.Serve(listener, front)
	spec := store.Process(self)
	spec.Name += "-events"
	b.startChild(spec)
	check(store.MakeBucket(b.ctx, "snaptask"))
	return store, functions
}

// running is a function's process as the gateway sees it.
type running struct{ pid int }

func (r running) PID() int                  { return r.pid }
func (running) Started() time.Time          { return time.Now() }
func (running) Check(context.Context) error { return nil }
func (running) Log() *process.Log           { return nil }

// eventWay uploads a photo again and again.
type eventWay struct {
	b         *bench
	store     s3.Server
	functions map[string]*program
	photo     []byte
	account   account
}

// way is what one way of a photo has taken, over all repetitions.
type way struct {
	sent   []time.Duration // from the last byte sent until the photo is labelled
	stored []time.Duration // from the object store's answer until then
	cpu    time.Duration   // of the functions
}

// compare measures both ways in turn. atMost is the target of the functions' CPU by event, as a multiple of that of the direct way.
func (w *eventWay) compare(photo string, atMost float64) []figure {
	ids := w.b.insertOurs(w.account, 2)
	event, direct := &way{}, &way{}
	predict := w.b.function("predict-image")
	for round := range w.b.repetitions + 1 {
		for _, one := range []struct {
			way      *way
			once     func(uuid.UUID, *way)
			id       uuid.UUID
			programs []*program
		}{
			{event, w.upload, ids[0], []*program{w.functions["upload-url"], w.functions["label-upload"]}},
			{direct, w.predict, ids[1], []*program{predict}},
		} {
			if round == 0 { // a warm-up
				one.once(one.id, &way{})
				continue
			}
			before := cpuOf(one.programs)
			for began := time.Now(); time.Since(began) < w.b.duration; {
				one.once(one.id, one.way)
			}
			one.way.cpu += cpuOf(one.programs) - before
		}
	}
	for _, p := range w.functions {
		_ = os.Truncate(p.log, 0) // a line for each request
	}
	perPhoto := func(one *way) float64 { return milliseconds(one.cpu) / float64(len(one.sent)) }
	at := func(all []time.Duration, p float64) float64 {
		return milliseconds(percentile(slices.Sorted(slices.Values(all)), p))
	}
	return []figure{
		newFigure(at(event.sent, 50), "ms", 0, 0, "%s: by event, from the last byte sent until labelled, median of %d", photo, len(event.sent)),
		newFigure(at(event.sent, 99), "ms", 0, 0, "%s: by event, from the last byte sent until labelled, p99", photo),
		newFigure(at(event.stored, 50), "ms", 0, 0, "%s: by event, from the last byte stored until labelled, median", photo),
		newFigure(at(event.stored, 99), "ms", 0, 0, "%s: by event, from the last byte stored until labelled, p99", photo),
		newFigure(at(direct.sent, 50), "ms", 0, 0, "%s: directly, from the last byte sent until labelled, median of %d", photo, len(direct.sent)),
		newFigure(at(direct.sent, 99), "ms", 0, 0, "%s: directly, from the last byte sent until labelled, p99", photo),
		newFigure(perPhoto(event), "ms", 0, 0, "%s: by event, CPU of upload-url and label-upload", photo),
		newFigure(perPhoto(direct), "ms", 0, 0, "%s: directly, CPU of predict-image", photo),
		newFigure(perPhoto(event)/perPhoto(direct), "x", 0, atMost, "%s: CPU by event beside directly", photo),
	}
}

func cpuOf(programs []*program) (total time.Duration) {
	for _, p := range programs {
		total += cpu(p.pid)
	}
	return total
}

// upload announces the photo, sends it to the object store, and waits until the task has it.
func (w *eventWay) upload(id uuid.UUID, into *way) {
	var announced struct {
		URL     string
		Headers map[string]string
		Task    struct{ Version uint32 }
	}
	body := fmt.Appendf(nil, `{"bytes": %d, "contentType": "image/jpeg"}`, len(w.photo))
	check(json.Unmarshal(w.functions["upload-url"].receive(newRequest("POST", "/?id="+id.String(), w.account.ourToken, jsonType, body), 200), &announced))
	sent := w.send("PUT", w.store.Endpoint()+"/snaptask"+announced.URL, announced.Headers)
	stored := time.Now()
	w.awaitVersion(id, announced.Task.Version+1)
	into.sent, into.stored = append(into.sent, time.Since(sent)), append(into.stored, time.Since(stored))
	w.awaitDeletion()
}

// awaitDeletion waits until label-upload has deleted the upload: while versitygw removes the folder, it may refuse the next one.
func (w *eventWay) awaitDeletion() {
	for range 1000 {
		if _, err := os.Stat(filepath.Join(w.store.Dir, "objects", "snaptask", "uploads")); errors.Is(err, fs.ErrNotExist) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	check(errors.New("the upload is not deleted"))
}

// predict sends the photo to predict-image.
func (w *eventWay) predict(id uuid.UUID, into *way) {
	sent := w.send("PUT", "http://"+w.b.function("predict-image").address+"/?id="+id.String(), map[string]string{"Authorization": "Bearer " + w.account.ourToken})
	into.sent = append(into.sent, time.Since(sent))
}

// send sends the photo and returns when its last byte was sent.
func (w *eventWay) send(method, url string, header map[string]string) (sent time.Time) {
	ctx := httptrace.WithClientTrace(w.b.ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { sent = time.Now() }})
	request := must(http.NewRequestWithContext(ctx, method, url, bytes.NewReader(w.photo)))
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response := must(http.DefaultClient.Do(request))
	defer response.Body.Close()
	text := must(io.ReadAll(response.Body))
	if response.StatusCode != http.StatusOK {
		check(fmt.Errorf("%s: status %d: %.300s", url, response.StatusCode, text))
	}
	return sent
}

// awaitVersion asks the database every millisecond until the task's photo has been labelled, in this version.
func (w *eventWay) awaitVersion(id uuid.UUID, version uint32) {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		var is uint32
		var status string
		check(w.b.pool.QueryRowContext(w.b.ctx, "SELECT version, image_status FROM tasks WHERE user_id = ? AND id = ?", w.account.ourID, id[:]).Scan(&is, &status))
		if is == version && status == "done" {
			return
		}
		if is > version || time.Since(began) > 30*time.Second {
			check(fmt.Errorf("the photo is not labelled: version %d instead of %d, %s", is, version, status))
		}
	}
}
