package functions_test

import (
	"fmt"
	"net/http"
	"testing"

	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// countRoundTrips checks how many commands each call sends to the database. BEGIN and COMMIT count like any statement.
func (s *suite) countRoundTrips(t *testing.T) {
	ada, eve := s.signIn(t), s.signIn(t)
	plain, pictured := s.create(t, ada), s.create(t, ada)
	photo := testbed.JPEG(t)
	s.ok(t, nil, "predict-image", testbed.Call{Method: "PUT", Token: ada.token, Query: pictured, Body: photo})
	list := testbed.Call{Method: "GET", Token: ada.token}

	for _, c := range []struct {
		what, name string
		call       testbed.Call
		status     int
		roundTrips int
	}{
		{"a list", "get-tasks", list, 200, 1},
		{"a filtered list", "get-tasks", testbed.Call{Method: "GET", Token: ada.token, Query: "status=open&q=task&sort=due&limit=1"}, 200, 1},
		{"one task", "get-tasks", testbed.Call{Method: "GET", Token: ada.token, Query: plain}, 200, 1},
		{"a new task", "create-task", testbed.Call{Method: "POST", Token: ada.token, Body: []byte(`{"title": "x", "dueDate": "2026-12-24"}`)}, 200, 4},
		{"a change", "update-task", testbed.Call{Method: "PATCH", Token: ada.token, Query: plain, Body: []byte(`{"title": "y", "version": 1}`)}, 200, 5},
		{"a stale change", "update-task", testbed.Call{Method: "PATCH", Token: ada.token, Query: plain, Body: []byte(`{"title": "z", "version": 1}`)}, 409, 3},
		{"a photo", "get-image", testbed.Call{Method: "GET", Token: ada.token, Query: pictured}, 200, 1},
		{"a first photo", "predict-image", testbed.Call{Method: "PUT", Token: ada.token, Query: plain, Body: photo}, 200, 7},
		{"the same photo again", "predict-image", testbed.Call{Method: "PUT", Token: ada.token, Query: plain, Body: photo}, 200, 10},
		{"a photo labelled again", "predict-image", testbed.Call{Method: "POST", Token: ada.token, Query: plain}, 200, 7},
		{"an announced photo", "upload-url", testbed.Call{Method: "POST", Token: ada.token, Query: plain, Body: []byte(`{"bytes": 5, "contentType": "image/jpeg"}`)}, 200, 5},
		{"the same photo announced again", "upload-url", testbed.Call{Method: "POST", Token: ada.token, Query: plain, Body: []byte(`{"bytes": 5, "contentType": "image/jpeg"}`)}, 200, 4},
		{"a withdrawn photo", "upload-url", testbed.Call{Method: "DELETE", Token: ada.token, Query: plain}, 200, 4},
		{"an event of no upload", "label-upload", testbed.Call{Method: "POST", Token: eventToken, Body: []byte(`{"Records": []}`)}, 200, 0},
		{"an event of an upload that no task awaits", "label-upload", testbed.Call{Method: "POST", Token: eventToken, Body: requestJSON(t, "label-upload")}, 200, 1},
		{"a removed photo", "delete-image", testbed.Call{Method: "DELETE", Token: ada.token, Query: plain}, 200, 9},
		{"a deleted task", "delete-task", testbed.Call{Method: "DELETE", Token: ada.token, Query: plain}, 200, 6},
		{"a deleted task with a photo", "delete-task", testbed.Call{Method: "DELETE", Token: ada.token, Query: pictured}, 200, 10},
		{"a task deleted twice", "delete-task", testbed.Call{Method: "DELETE", Token: ada.token, Query: plain}, 404, 4},
		{"an empty list", "get-tasks", testbed.Call{Method: "GET", Token: eve.token}, 200, 2},
		{"a sign-out", "logout", testbed.Call{Method: "POST", Token: eve.token}, 200, 1},
		{"a list after it", "get-tasks", testbed.Call{Method: "GET", Token: eve.token}, 401, 2},
		{"a sign-in", "login", testbed.Call{Method: "POST", Body: fmt.Appendf(nil, `{"username": %q, "password": %q}`, ada.name, password)}, 200, 6},
		{"a changed password", "change-password", testbed.Call{Method: "POST", Token: ada.token, Body: fmt.Appendf(nil, `{"currentPassword": %q, "newPassword": "staple horse battery"}`, password)}, 200, 10},
		{"the same change again", "change-password", testbed.Call{Method: "POST", Token: ada.token, Body: fmt.Appendf(nil, `{"currentPassword": %q, "newPassword": "staple horse battery"}`, password)}, 200, 4},
		{"a deleted account", "delete-account", testbed.Call{Method: "POST", Token: ada.token, Body: []byte(`{"currentPassword": "staple horse battery"}`)}, 200, 11},
		{"no token", "get-tasks", testbed.Call{Method: "GET"}, http.StatusUnauthorized, 0},
	} {
		s.roundTrips()
		answer := s.call(t, c.name, c.call)
		require.Equal(t, c.status, answer.Status, "%s: %s", c.what, answer.Body)
		require.Equal(t, c.roundTrips, s.roundTrips(), c.what)
	}
}
