package stories

import (
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/relay"
	"snaptask/tests/scenario"
)

// How long the functions wait for their servers, which is far less than their time for a whole call, and the margin for a busy
// machine.
const (
	databaseTimeout   = 500 * time.Millisecond
	objectsTimeout    = 500 * time.Millisecond
	classifierTimeout = 2 * time.Second
	margin            = 4 * time.Second
	recovery          = 15 * time.Second
)

// dependent is a call that needs a server.
type dependent struct {
	*function
	name         string
	server       *relay.Relay
	method, call string
	body         []byte
	token        string
	degraded     int // status of the answer while the server fails
}

func (d dependent) send(t *testing.T) (client.Answer, error) {
	return client.Send(t.Context(), d.method, d.url+"/"+d.call, d.token, d.body)
}

// TestFailingServersDelayNobodyForLong makes each server stall, refuse connections and close them while functions use it. The
// functions answer 503 within their timeouts, and recover with the server without a restart.
func TestFailingServersDelayNobodyForLong(t *testing.T) {
	t.Parallel()
	a := application.Start(t, application.NewState(t))
	user := scenario.SignIn(t, a.Client, "ada")
	const photo = "coffee.png"
	withoutImage, withImage := scenario.CreateTask(t, user, "without image", ""), scenario.CreateTask(t, user, "with image", photo)

	servers := a.Servers(t)
	database := relay.New(t, databaseOf(t, a))
	objects := relay.New(t, strings.TrimPrefix(servers["S3_ENDPOINT"], "http://"))
	grpc := relay.New(t, servers["CLASSIFIER_ADDRESS"])
	rest := relay.New(t, strings.TrimPrefix(servers["CLASSIFIER_REST_URL"], "http://"))
	settings := map[string]string{
		"DB_TIMEOUT": databaseTimeout.String(), "S3_TIMEOUT": objectsTimeout.String(), "CLASSIFIER_TIMEOUT": classifierTimeout.String(),
		"S3_ENDPOINT": "http://" + objects.Address, "CLASSIFIER_ADDRESS": grpc.Address, "CLASSIFIER_REST_URL": "http://" + rest.Address,
		"EXEC_TIMEOUT": "40s",
	}
	start := func(name string) *function {
		return startFunction(t, a, exec.Command(a.Process.Path, "function", name), name, database.Address, settings)
	}
	login, createTask, getTasks, deleteTask := start("login"), start("create-task"), start("get-tasks"), start("delete-task")
	predictImage, getImage := start("predict-image"), start("get-image")
	settings = maps.Clone(settings)
	settings["CLASSIFIER_PROTOCOL"] = "rest"
	predictByREST := start("predict-image")

	unavailable := http.StatusServiceUnavailable
	image := scenario.Photo(t, photo)
	credentials := fmt.Appendf(nil, `{"username": "ada", "password": %q}`, scenario.Password)
	list := dependent{getTasks, "list", database, "GET", "", nil, user.Token, unavailable}
	put := dependent{predictImage, "put image, classifier", grpc, "PUT", "?id=" + withoutImage.ID, image, user.Token, unavailable}
	for _, mode := range []relay.Mode{relay.Stalled, relay.Refusing, relay.Cutting} {
		for _, d := range []dependent{
			list, put,
			{login, "login", database, "POST", "", credentials, "", unavailable},
			{createTask, "create task", database, "POST", "", []byte(`{"title": "x", "dueDate": "2026-12-24"}`), user.Token, unavailable},
			{getImage, "get image, database", database, "GET", "?id=" + withImage.ID, nil, user.Token, unavailable},
			{getImage, "get image, object store", objects, "GET", "?id=" + withImage.ID, nil, user.Token, unavailable},
			{predictImage, "put image, database", database, "PUT", "?id=" + withoutImage.ID, image, user.Token, unavailable},
			{predictImage, "put image, object store", objects, "PUT", "?id=" + withoutImage.ID, image, user.Token, unavailable},
			{predictImage, "predict again", grpc, "POST", "?id=" + withImage.ID, nil, user.Token, unavailable},
			{predictByREST, "predict again by REST", rest, "POST", "?id=" + withImage.ID, nil, user.Token, unavailable},
		} {
			healthy := func() bool {
				answer, err := d.send(t)
				return err == nil && answer.Status == http.StatusOK
			}
			require.Eventually(t, healthy, recovery, 50*time.Millisecond, "%s before", d.name)
			d.server.Set(t, mode)
			for range 2 { // the first may use an open connection, the second can't
				d.check(t)
			}
			d.server.Set(t, relay.Working)
			require.Eventually(t, healthy, recovery, 50*time.Millisecond, "%s did not recover after its server was %s", d.name, mode)
			require.True(t, d.running(), "%s ended", d.name)
		}
	}
	t.Run("a function starts while its database is unavailable", func(t *testing.T) {
		register := startFunction(t, a, exec.Command(a.Process.Path, "function", "register"), "register", "127.0.0.1:1", settings)
		for _, request := range []dependent{
			{method: "POST", body: []byte(`{"username": "somebody", "password": "a password"}`), degraded: unavailable},
			{method: "POST", body: make([]byte, 20<<20), degraded: http.StatusRequestEntityTooLarge},
			{method: "GET", degraded: http.StatusMethodNotAllowed},
		} {
			request.function, request.name, request.server = register, "register", database
			request.check(t)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		database.Set(t, relay.Stalled)
		defer database.Set(t, relay.Working)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { list.check(t) })
		}
		group.Wait()
	})
	t.Run("a task can be deleted while its image can't", func(t *testing.T) {
		for _, mode := range []relay.Mode{relay.Stalled, relay.Refusing, relay.Cutting} {
			task := scenario.CreateTask(t, user, "to delete", photo)
			objects.Set(t, mode)
			dependent{deleteTask, "delete task", objects, "DELETE", "?id=" + task.ID, nil, user.Token, http.StatusOK}.check(t)
			objects.Set(t, relay.Working)
			scenario.RequireStatus(t, http.StatusNotFound, user, "GET", "get-tasks?id="+task.ID, nil)
		}
	})
	t.Run("an image is kept while the classifier is unavailable", func(t *testing.T) {
		task := scenario.CreateTask(t, user, "pending", "")
		put.call = "?id=" + task.ID
		grpc.Set(t, relay.Refusing)
		require.Contains(t, string(put.check(t).Body), "kept")
		require.Contains(t, []string{"pending", "done"}, scenario.Task(t, user, task.ID).ImageStatus) // done by a sweep
		grpc.Set(t, relay.Working)
		task, err := user.PredictAgain(t.Context(), task.ID)
		require.NoError(t, err)
		require.Equal(t, "espresso", task.Labels[0])
	})
}

// check makes the call while its server fails.
func (d dependent) check(t *testing.T) client.Answer {
	begun := time.Now()
	answer, err := d.send(t)
	took := time.Since(begun)
	what := fmt.Sprintf("%s, %s server", d.name, d.server.Mode())
	if !assert.NoError(t, err, what) {
		return answer
	}
	t.Logf("%s: %d after %s", what, answer.Status, took.Round(time.Millisecond))
	assert.Equal(t, d.degraded, client.Status(answer.Err()), "%s: %s", what, answer.Body)
	assert.NotErrorAs(t, answer.Err(), new(*client.Violation), what)
	assert.Less(t, took, databaseTimeout+objectsTimeout+classifierTimeout+margin, what)
	return answer
}
