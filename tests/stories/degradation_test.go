package stories

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"snaptask/tests/scenario"
)

// Waits of the functions below for their servers, far below their time for a whole call, and what a busy machine may add
// to their sum.
const (
	databaseTimeout   = 500 * time.Millisecond
	objectsTimeout    = 500 * time.Millisecond
	classifierTimeout = 2 * time.Second
	margin            = 4 * time.Second
	recovery          = 15 * time.Second
)

// ailing is a call that a server's ailment reaches.
type ailing struct {
	name     string // of the function's process
	server   *relay
	method   string
	path     string
	body     string
	whenAway int // the status of the answer while the server is away
}

// TestServersThatAilDelayNobodyForLong has each server stall, refuse and die while functions use it. They answer 503
// within their time-outs, and recover with the server, in the same process.
func TestServersThatAilDelayNobodyForLong(t *testing.T) {
	t.Parallel()
	a := start(t, newState(t))
	token := a.SignIn(t, "ailing")
	const picture = "coffee.png"
	kept, pictured := a.Create(t, token, "kept"), a.Create(t, token, "with a picture")
	a.Must(t, http.StatusOK, nil, "PUT", "predict-image?id="+pictured.ID, token, string(scenario.Photo(t, picture)))

	servers := a.settings(t, "predict-image")
	database := newRelay(t, a.database(t))
	objects := newRelay(t, strings.TrimPrefix(servers["S3_ENDPOINT"], "http://"))
	grpc := newRelay(t, servers["CLASSIFIER_ADDRESS"])
	rest := newRelay(t, strings.TrimPrefix(servers["CLASSIFIER_REST_URL"], "http://"))
	settings := func(more ...string) map[string]string {
		all := map[string]string{
			"DB_TIMEOUT": databaseTimeout.String(), "S3_TIMEOUT": objectsTimeout.String(), "CLASSIFIER_TIMEOUT": classifierTimeout.String(),
			"S3_ENDPOINT": "http://" + objects.address, "CLASSIFIER_ADDRESS": grpc.address, "CLASSIFIER_REST_URL": "http://" + rest.address,
			"EXEC_TIMEOUT": "40s",
		}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	processes := map[string]*function{"predict-image by REST": a.function(t, "predict-image", database.address, settings("CLASSIFIER_PROTOCOL", "rest"))}
	for _, name := range []string{"login", "create-task", "get-tasks", "delete-task", "predict-image", "get-image"} {
		processes[name] = a.function(t, name, database.address, settings())
	}

	away := http.StatusServiceUnavailable
	reached := []ailing{
		{"login", database, "POST", "", `{"username": "ailing", "password": "demo-password"}`, away},
		{"create-task", database, "POST", "", `{"title": "x", "dueDate": "2026-12-24"}`, away},
		{"get-tasks", database, "GET", "", "", away},
		{"get-image", database, "GET", "?id=" + pictured.ID, "", away},
		{"get-image", objects, "GET", "?id=" + pictured.ID, "", away},
		{"predict-image", database, "PUT", "?id=" + kept.ID, string(scenario.Photo(t, picture)), away},
		{"predict-image", objects, "PUT", "?id=" + kept.ID, string(scenario.Photo(t, picture)), away},
		{"predict-image", grpc, "PUT", "?id=" + kept.ID, string(scenario.Photo(t, picture)), away},
		{"predict-image", grpc, "POST", "?id=" + pictured.ID, "", away},
		{"predict-image by REST", rest, "POST", "?id=" + pictured.ID, "", away},
	}
	for _, m := range []mode{stalled, refused, cut} {
		for _, c := range reached {
			process := processes[c.name]
			healthy := func() bool {
				got, err := scenario.Send(c.method, process.url+"/"+c.path, token, []byte(c.body))
				return err == nil && got.Status == http.StatusOK
			}
			require.Eventually(t, healthy, recovery, 50*time.Millisecond, "%s before", c.name)
			c.server.set(t, m)
			for range 2 { // the first may find a connection that the second does not
				c.check(t, m, process.url, token)
			}
			c.server.set(t, well)
			require.Eventually(t, healthy, recovery, 50*time.Millisecond, "%s did not recover when its server, %s, was well again", c.name, m)
			require.True(t, process.alive(), "%s ended", c.name)
		}
	}
	t.Run("many at once", func(t *testing.T) {
		database.set(t, stalled)
		done := make(chan struct{})
		for range 20 {
			go func() {
				defer func() { done <- struct{}{} }()
				reached[2].check(t, stalled, processes["get-tasks"].url, token)
			}()
		}
		for range 20 {
			<-done
		}
		database.set(t, well)
	})
	t.Run("a task can go while its picture can't", func(t *testing.T) {
		for _, m := range []mode{stalled, refused, cut} {
			mine := a.Create(t, token, "goes")
			a.Must(t, http.StatusOK, nil, "PUT", "predict-image?id="+mine.ID, token, string(scenario.Photo(t, picture)))
			objects.set(t, m)
			ailing{"delete-task", objects, "DELETE", "?id=" + mine.ID, "", http.StatusOK}.check(t, m, processes["delete-task"].url, token)
			objects.set(t, well)
			a.Must(t, http.StatusNotFound, nil, "GET", "get-tasks?id="+mine.ID, token, "")
		}
	})
	t.Run("a picture is kept while the classifier is away", func(t *testing.T) {
		mine := a.Create(t, token, "waits")
		grpc.set(t, refused)
		put := ailing{"predict-image", grpc, "PUT", "?id=" + mine.ID, string(scenario.Photo(t, picture)), away}
		require.Contains(t, string(put.check(t, refused, processes["predict-image"].url, token).Body), "kept")
		var got scenario.Task
		a.Must(t, http.StatusOK, &got, "GET", "get-tasks?id="+mine.ID, token, "")
		require.Contains(t, []string{"pending", "done"}, got.ImageStatus) // housekeeping may have looked meanwhile
		grpc.set(t, well)
		a.Must(t, http.StatusOK, &got, "POST", "predict-image?id="+mine.ID, token, "")
		require.Equal(t, "espresso", got.Labels[0])
	})
}

// check makes the call while its server ails.
func (c ailing) check(t *testing.T, m mode, url, token string) scenario.Answer {
	begun := time.Now()
	got, err := scenario.Send(c.method, url+"/"+c.path, token, []byte(c.body))
	took := time.Since(begun)
	what := fmt.Sprintf("%s %s while its server is %s", c.method, c.name, m)
	if !noError(t, what, err) {
		return got
	}
	if got.Status != c.whenAway {
		t.Errorf("%s was answered %d: %.300s", what, got.Status, got.Body)
	}
	t.Logf("%s: %d after %s", what, got.Status, took.Round(time.Millisecond))
	if took > databaseTimeout+objectsTimeout+classifierTimeout+margin {
		t.Errorf("%s took %s", what, took)
	}
	if seconds, err := strconv.Atoi(got.Header.Get("Retry-After")); c.whenAway == http.StatusServiceUnavailable && (err != nil || seconds < 1) {
		t.Errorf("%s: Retry-After is %q", what, got.Header.Get("Retry-After"))
	}
	return got
}

func noError(t *testing.T, what string, err error) bool {
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return err == nil
}
