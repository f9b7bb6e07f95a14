package functions_test

import (
	"fmt"
	"net/http"
	"testing"

	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// roundTrips counts what each call costs on the wire to the database.
func (s *suite) roundTrips(t *testing.T) {
	ada, eve := s.signIn(t), s.signIn(t)
	bare, pictured := s.create(t, ada), s.create(t, ada)
	photo := testbed.JPEG(t)
	s.ok(t, nil, "predict-image", testbed.Call{Method: "PUT", Token: ada.token, Query: pictured, Body: photo})
	list := testbed.Call{Method: "GET", Token: ada.token}

	for _, c := range []struct {
		what, name string
		call       testbed.Call
		status     int
		trips      int
	}{
		{"a list", "get-tasks", list, 200, 1},
		{"a filtered list", "get-tasks", testbed.Call{Method: "GET", Token: ada.token, Query: "status=open&q=task&sort=due&limit=1"}, 200, 1},
		{"one task", "get-tasks", testbed.Call{Method: "GET", Token: ada.token, Query: bare}, 200, 1},
		{"a new task", "create-task", testbed.Call{Method: "POST", Token: ada.token, Body: []byte(`{"title": "x", "dueDate": "2026-12-24"}`)}, 200, 1},
		{"a change", "update-task", testbed.Call{Method: "PATCH", Token: ada.token, Query: bare, Body: []byte(`{"title": "y", "version": 1}`)}, 200, 1},
		{"a stale change", "update-task", testbed.Call{Method: "PATCH", Token: ada.token, Query: bare, Body: []byte(`{"title": "z", "version": 1}`)}, 409, 1},
		{"a picture", "get-image", testbed.Call{Method: "GET", Token: ada.token, Query: pictured}, 200, 1},
		{"a first picture", "predict-image", testbed.Call{Method: "PUT", Token: ada.token, Query: bare, Body: photo}, 200, 2},
		{"another picture", "predict-image", testbed.Call{Method: "PUT", Token: ada.token, Query: bare, Body: photo}, 200, 3},
		{"a picture again", "predict-image", testbed.Call{Method: "POST", Token: ada.token, Query: bare}, 200, 2},
		{"a picture less", "delete-image", testbed.Call{Method: "DELETE", Token: ada.token, Query: bare}, 200, 2},
		{"a task less", "delete-task", testbed.Call{Method: "DELETE", Token: ada.token, Query: bare}, 200, 1},
		{"a task and its picture less", "delete-task", testbed.Call{Method: "DELETE", Token: ada.token, Query: pictured}, 200, 3},
		{"a task that is gone", "delete-task", testbed.Call{Method: "DELETE", Token: ada.token, Query: bare}, 404, 3},
		{"an empty list", "get-tasks", testbed.Call{Method: "GET", Token: eve.token}, 200, 2},
		{"a sign-out", "logout", testbed.Call{Method: "POST", Token: eve.token}, 200, 1},
		{"a list after it", "get-tasks", testbed.Call{Method: "GET", Token: eve.token}, 401, 2},
		{"a sign-in", "login", testbed.Call{Method: "POST", Body: fmt.Appendf(nil, `{"username": %q, "password": %q}`, ada.name, password)}, 200, 2},
		{"no token", "get-tasks", testbed.Call{Method: "GET"}, http.StatusUnauthorized, 0},
	} {
		s.trips()
		answer := s.call(t, c.name, c.call)
		require.Equal(t, c.status, answer.Status, "%s: %s", c.what, answer.Body)
		require.Equal(t, c.trips, s.trips(), c.what)
	}
}
