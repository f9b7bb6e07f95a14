// Package scenario contains checks of the whole application that must pass wherever Snaptask runs: on this machine and on a
// cluster.
package scenario

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"snaptask/tests/client"
)

// Demo is an account that exists before a test begins, and Password is the password of all test accounts.
const (
	Demo     = "demo"
	Password = "demo-password"
)

// SignIn signs in to the account Demo, or to a new one of another name.
func SignIn(t *testing.T, c client.Client, username string) client.Client {
	t.Helper()
	if username != Demo {
		require.NoError(t, c.Register(t.Context(), username, Password))
	}
	user, err := c.SignIn(t.Context(), username, Password)
	require.NoError(t, err)
	return user
}

// CreateTask creates a task, with an image unless photo is empty.
func CreateTask(t *testing.T, user client.Client, title, photo string) client.Task {
	t.Helper()
	task, err := user.CreateTask(t.Context(), "", client.Draft{Title: title, DueDate: "2026-12-24"})
	require.NoError(t, err)
	if photo != "" {
		task, err = user.PutImage(t.Context(), task.ID, Photo(t, photo))
		require.NoError(t, err)
	}
	return task
}

// Task returns a task that must exist.
func Task(t *testing.T, user client.Client, id string) client.Task {
	t.Helper()
	task, err := user.Task(t.Context(), id)
	require.NoError(t, err)
	return task
}

// RequireStatus calls a function and requires an answer that has this status and follows the contract's rules for all answers.
func RequireStatus(t *testing.T, status int, c client.Client, method, call string, body []byte) client.Answer {
	t.Helper()
	answer, err := c.Do(t.Context(), method, call, body)
	require.NoError(t, err, "%s %s", method, call)
	require.Equal(t, status, client.Status(answer.Err()), "%s %s: %v", method, call, answer.Err())
	require.NotErrorAs(t, answer.Err(), new(*client.Violation))
	return answer
}

// ReadsByPOST calls get-tasks in the way of `faas-cli invoke`. function is its name, with or without a namespace.
func ReadsByPOST(t *testing.T, c client.Client, function string) {
	RequireStatus(t, http.StatusOK, SignIn(t, c, Demo), http.MethodPost, function+"?limit=5", nil)
}

// Root is the project's folder.
func Root(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	require.NoError(t, err)
	root, _, found := strings.Cut(folder, string(filepath.Separator)+"tests"+string(filepath.Separator))
	require.True(t, found, "%s is not in tests/", folder)
	return root
}

// Photo returns one of the project's photos.
func Photo(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Root(t), "webapp", "e2e", "photos", name))
	require.NoError(t, err)
	return data
}
