package scenario

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// guarded are the functions that want a session, with the method, whether they want a task's id, and a body that is valid.
var guarded = []struct {
	name, method string
	ofTask       bool
	body         string
}{
	{"logout", "POST", false, ""},
	{"change-password", "POST", false, `{"currentPassword": "` + Password + `", "newPassword": "wrong-password"}`},
	{"delete-account", "POST", false, `{"currentPassword": "` + Password + `"}`},
	{"create-task", "POST", false, `{"title": "x", "dueDate": "2026-12-24"}`},
	{"get-tasks", "GET", true, ""},
	{"update-task", "PATCH", true, `{"title": "mine now", "version": 1}`},
	{"delete-task", "DELETE", true, ""},
	{"predict-image", "PUT", true, "a picture"},
	{"get-image", "GET", true, ""},
	{"delete-image", "DELETE", true, ""},
}

// NothingWithoutPermission calls every function that wants a session without one, with one that has ended, and for the task
// of somebody else, which is not changed.
func NothingWithoutPermission(t *testing.T, a Snaptask) {
	owner, other, ended := a.SignIn(t, "owner"), a.SignIn(t, "other"), a.SignIn(t, "ended")
	a.Must(t, http.StatusOK, nil, "POST", "logout", ended, "")
	mine := a.Create(t, owner, "stays as it is")
	a.Must(t, http.StatusOK, nil, "PUT", "predict-image?id="+mine.ID, owner, string(Photo(t, "coffee.png")))
	var before, after Task
	a.Must(t, http.StatusOK, &before, "GET", "get-tasks?id="+mine.ID, owner, "")
	for _, f := range guarded {
		call, body := f.name, f.body
		if f.ofTask {
			call += "?id=" + mine.ID
		}
		if f.name == "predict-image" {
			body = string(Photo(t, "rocket.jpg"))
		}
		for _, token := range []string{"", "garbage", ended, owner + "x"} {
			a.Must(t, http.StatusUnauthorized, nil, f.method, call, token, body)
		}
		if f.ofTask {
			a.Must(t, http.StatusNotFound, nil, f.method, call, other, body)
		}
		wrong := "PATCH"
		if f.method == wrong {
			wrong = "PUT"
		}
		a.Must(t, http.StatusMethodNotAllowed, nil, wrong, call, owner, "")
	}
	a.Must(t, http.StatusOK, &after, "GET", "get-tasks?id="+mine.ID, owner, "")
	require.Equal(t, before, after)
}
