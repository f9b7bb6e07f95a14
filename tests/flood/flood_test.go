// Package flood opens thousands of slow connections to the application's processes while a person uses it, and checks that none of
// them runs out of memory and that the person is served. `make flood` does so with every function.
package flood

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"snaptask/functions/stack"
	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

var (
	all         = flag.Bool("all", false, "flood every function")
	connections = flag.Int("connections", 5000, "slow connections at once")
	calls       = flag.Int("calls", 8, "calls of the person during each flood")
)

// webMemory is limits.memory in deploy/kubernetes/base/webapp.yaml.
const webMemory = 128 << 20

// patience is how long the person waits for an answer.
const patience = 10 * time.Second

// person is someone who uses the application through the web server.
type person struct {
	client.Client
	task  client.Task // with a photo
	photo []byte
}

// use has a call of each function. Each returns an error unless it succeeds.
var use = map[string]func(context.Context, person) error{
	"register": func(ctx context.Context, p person) error { return p.Register(ctx, uuid.NewString(), scenario.Password) },
	"login":    signIn,
	"logout": func(ctx context.Context, p person) error {
		again, err := p.SignIn(ctx, scenario.Demo, scenario.Password)
		if err != nil {
			return err
		}
		return again.Logout(ctx)
	},
	"change-password": func(ctx context.Context, p person) error {
		return expect(ctx, p.Client, "POST", "change-password", fmt.Appendf(nil, `{"currentPassword": %q, "newPassword": %[1]q}`, scenario.Password))
	},
	"delete-account": func(ctx context.Context, p person) error {
		name := uuid.NewString()
		if err := p.Register(ctx, name, scenario.Password); err != nil {
			return err
		}
		leaving, err := p.SignIn(ctx, name, scenario.Password)
		if err != nil {
			return err
		}
		return leaving.DeleteAccount(ctx, scenario.Password)
	},
	"create-task": func(ctx context.Context, p person) error { _, err := p.create(ctx); return err },
	"get-tasks": func(ctx context.Context, p person) error {
		_, _, err := p.Page(ctx, url.Values{"limit": {"20"}})
		return err
	},
	"update-task": func(ctx context.Context, p person) error {
		created, err := p.create(ctx)
		if err != nil {
			return err
		}
		return expect(ctx, p.Client, "PATCH", "update-task?id="+created.ID, []byte(`{"completed": true, "version": 1}`))
	},
	"delete-task": func(ctx context.Context, p person) error {
		created, err := p.create(ctx)
		if err != nil {
			return err
		}
		return expect(ctx, p.Client, "DELETE", "delete-task?id="+created.ID, nil)
	},
	"predict-image": func(ctx context.Context, p person) error { _, err := p.PutImage(ctx, p.task.ID, p.photo); return err },
	"upload-url": func(ctx context.Context, p person) error {
		_, err := p.UploadURL(ctx, p.task.ID, len(p.photo), "image/png")
		return err
	},
	"label-upload": uploadPhoto,
	"get-image":    func(ctx context.Context, p person) error { _, err := p.Image(ctx, p.task.ID, "full"); return err },
	"delete-image": func(ctx context.Context, p person) error {
		created, err := p.create(ctx)
		if err != nil {
			return err
		}
		if _, err := p.PutImage(ctx, created.ID, p.photo); err != nil {
			return err
		}
		return expect(ctx, p.Client, "DELETE", "delete-image?id="+created.ID, nil)
	},
}

// uploadPhoto sends a photo by way of the object store, and returns nil when it is labelled.
func uploadPhoto(ctx context.Context, p person) error {
	upload, err := p.UploadURL(ctx, p.task.ID, len(p.photo), "image/png")
	if err != nil {
		return err
	}
	if err := p.SendUpload(ctx, upload, p.photo); err != nil {
		return err
	}
	for {
		task, err := p.Task(ctx, p.task.ID)
		if err != nil || !task.Uploading {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func signIn(ctx context.Context, p person) error {
	_, err := p.SignIn(ctx, scenario.Demo, scenario.Password)
	return err
}

func (p person) create(ctx context.Context) (client.Task, error) {
	return p.CreateTask(ctx, "", client.Draft{Title: "under attack", DueDate: "2026-12-24"})
}

func expect(ctx context.Context, c client.Client, method, call string, body []byte) error {
	answer, err := c.Do(ctx, method, call, body)
	if err != nil {
		return err
	}
	return answer.Err()
}

func TestSlowConnectionsStopNobody(t *testing.T) {
	raiseOpenFiles(t)
	a := application.Start(t, application.NewState(t))
	table, err := stack.Read(filepath.Join(scenario.Root(t), "stack.yml"))
	require.NoError(t, err)
	require.ElementsMatch(t, slices.Collect(maps.Keys(table.Functions)), slices.Collect(maps.Keys(use)), "tests/flood/flood_test.go: a call of each function")

	ada := person{Client: scenario.SignIn(t, client.Client{URL: a.WebURL}, scenario.Demo), photo: scenario.Photo(t, "coffee.png")}
	ada.task = scenario.CreateTask(t, ada.Client, "with a photo", "coffee.png")
	eve := scenario.SignIn(t, a.Client, "eve")

	names := []string{"create-task", "login", "predict-image"}
	if *all {
		names = slices.Sorted(maps.Keys(table.Functions))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			limit, err := table.Functions[name].MemoryLimit()
			require.NoError(t, err)
			method := map[string]string{"get-tasks": "GET", "get-image": "GET", "update-task": "PATCH", "delete-task": "DELETE", "delete-image": "DELETE", "predict-image": "PUT"}[name]
			if method == "" {
				method = "POST"
			}
			attacked := attacked{a.ProcessOf(t, application.Function+name), limit, "/_/health", use[name]}
			attacked.withstand(t, a.AddressOf(t, name), ada, method, "?id="+ada.task.ID, "", eve.Token)
		})
	}
	t.Run("web server", func(t *testing.T) {
		attacked := attacked{a.ProcessOf(t, application.WebServer), webMemory, "/healthz", use["get-tasks"]}
		attacked.withstand(t, strings.TrimPrefix(a.WebURL, "http://"), ada, "PUT", "function/predict-image?id="+ada.task.ID, "", eve.Token)
	})
	t.Run("uploads", func(t *testing.T) {
		upload, err := eve.UploadURL(t.Context(), scenario.CreateTask(t, eve, "slow", "").ID, slowBytes, slowType)
		require.NoError(t, err)
		attacked := attacked{a.ProcessOf(t, application.WebServer), webMemory, "/healthz", uploadPhoto}
		attacked.withstand(t, strings.TrimPrefix(a.WebURL, "http://"), ada, "PUT", strings.TrimPrefix(upload.URL, "/"), "")
	})
}

// attacked is a process that is flooded, with its limit of memory in bytes, and its health check and a call, which it must answer.
type attacked struct {
	application.Process
	memory int64
	health string // path
	use    func(context.Context, person) error
}

func (a attacked) withstand(t *testing.T, address string, ada person, method, query string, tokens ...string) {
	before, err := a.Memory()
	require.NoError(t, err)
	peak := a.watch(t)
	attack := start(t.Context(), address, *connections, method, query, tokens...)
	require.Eventually(t, func() bool { return attack.Opened.Load() >= int64(*connections) }, time.Minute, 10*time.Millisecond, "too few connections")
	var slowest, slowestCheck time.Duration
	for i := range *calls {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		begun := time.Now()
		err := a.use(ctx, ada)
		cancel()
		assert.NoError(t, err, "call %d, with %d connections open", i, attack.Open.Load())
		slowest = max(slowest, time.Since(begun))
		slowestCheck = max(slowestCheck, check(t, "http://"+address+a.health))
		time.Sleep(rand.N(200 * time.Millisecond))
	}
	attack.end()
	most := peak()
	t.Logf("%d connections; slowest of %d calls %d ms, of as many health checks %d ms; at most %d MiB of %d, before %d",
		attack.Opened.Load(), *calls, slowest.Milliseconds(), slowestCheck.Milliseconds(), most>>20, a.memory>>20, before>>20)
	require.Less(t, most, uint64(a.memory))
}

// check makes a health check on a new connection, as Kubernetes does, and returns how long it took.
func check(t *testing.T, url string) time.Duration {
	fresh := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	begun := time.Now()
	response, err := fresh.Get(url)
	if assert.NoError(t, err) {
		response.Body.Close()
		assert.Equal(t, http.StatusOK, response.StatusCode)
	}
	return time.Since(begun)
}

// watch watches the process's memory until peak is called, which returns the most that it had. The process must not end.
func (a attacked) watch(t *testing.T) (peak func() uint64) {
	var most uint64
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			now, err := a.Memory()
			assert.NoError(t, err, "%s has ended", a.Command)
			most = max(most, now)
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-ended
		return most
	}
}

// TestOneUsersPhotosDoNotDelayAnothers lets one user send 14 photos at once, and then another user one.
func TestOneUsersPhotosDoNotDelayAnothers(t *testing.T) {
	a := application.Start(t, application.NewState(t))
	eve, ada := scenario.SignIn(t, a.Client, "eve"), scenario.SignIn(t, a.Client, "ada")
	photo := largePhoto(t)
	task := scenario.CreateTask(t, ada, "mine", "")
	begun := time.Now()
	_, err := ada.PutImage(t.Context(), task.ID, photo)
	require.NoError(t, err)
	alone := time.Since(begun)

	var finished atomic.Int64
	var group sync.WaitGroup
	defer group.Wait()
	for i := range 14 {
		greedy := scenario.CreateTask(t, eve, fmt.Sprint(i), "")
		group.Go(func() {
			// A refusal (503, busy) is an answer, too.
			answer, err := eve.Do(context.Background(), http.MethodPut, "predict-image?id="+greedy.ID, photo)
			if err == nil && answer.Status == http.StatusOK {
				finished.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return finished.Load() > 0 }, time.Minute, time.Millisecond)
	before, begun := finished.Load(), time.Now()
	_, err = ada.PutImage(t.Context(), task.ID, photo)
	require.NoError(t, err)
	ahead := finished.Load() - before
	t.Logf("alone %d ms; beside 14 photos of another user %d ms, during which %d of these finished", alone.Milliseconds(), time.Since(begun).Milliseconds(), ahead)
	require.LessOrEqual(t, ahead, int64(4), "the photos of a user that are read at once, and as many again")
}

// largePhoto returns a photo of 24 megapixels.
func largePhoto(t *testing.T) []byte {
	t.Helper()
	photo := image.NewYCbCr(image.Rect(0, 0, 6000, 4000), image.YCbCrSubsampleRatio420)
	for i := range photo.Y {
		photo.Y[i] = byte(i/7 ^ i/6000)
	}
	var file bytes.Buffer
	require.NoError(t, jpeg.Encode(&file, photo, nil))
	return file.Bytes()
}
