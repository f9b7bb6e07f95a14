// Package scenario is what people do with Snaptask and have to see, wherever it runs: its stories use it with curl's
// requests, over the gateway or the web server.
package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Snaptask is an application that runs somewhere.
type Snaptask struct {
	URL string // whose /function/NAME are called
}

// Answer is what came back for a call.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Task is one as clients see it.
type Task struct {
	ID, Title, ImageStatus string
	Upload                 bool
	Version                int
	Labels                 []string
	Predictions            []struct {
		Label string
		Score float64
	}
}

// Call sends a request to a function, as curl does.
func (a Snaptask) Call(method, function, token string, body []byte) (Answer, error) {
	return Send(method, a.URL+"/function/"+function, token, body)
}

// Send is Call for any URL.
func Send(method, url, token string, body []byte) (Answer, error) {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded") // what curl -d says
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	return Answer{response.StatusCode, response.Header, got}, err
}

// Must is Call for one that has to come back with status; it decodes the JSON of the answer into v, unless that is nil.
func (a Snaptask) Must(t *testing.T, status int, v any, method, function, token, body string) Answer {
	t.Helper()
	got, err := a.Call(method, function, token, []byte(body))
	require.NoError(t, err)
	require.Equal(t, status, got.Status, "%s %s: %.300s", method, function, got.Body)
	require.NotEmpty(t, got.Header.Get("X-Call-Id"))
	if v != nil {
		require.NoError(t, json.Unmarshal(got.Body, v), "%s", got.Body)
	}
	return got
}

// Demo is the account that is there before anybody comes, and Password that of everybody.
const (
	Demo     = "demo"
	Password = "demo-password"
)

// SignIn gives a token of the demo account, or of a new one of another name.
func (a Snaptask) SignIn(t *testing.T, username string) (token string) {
	t.Helper()
	if username != Demo {
		a.Register(t, username)
	}
	var session struct{ Token string }
	a.Must(t, http.StatusOK, &session, "POST", "login", "", fmt.Sprintf(`{"username": %q, "password": %q}`, username, Password))
	require.NotEmpty(t, session.Token)
	return session.Token
}

// Register makes an account.
func (a Snaptask) Register(t *testing.T, username string) {
	t.Helper()
	a.Must(t, http.StatusOK, nil, "POST", "register", "", fmt.Sprintf(`{"username": %q, "password": %q}`, username, Password))
}

// Create makes a task.
func (a Snaptask) Create(t *testing.T, token, title string) Task {
	t.Helper()
	var created Task
	a.Must(t, http.StatusOK, &created, "POST", "create-task", token, fmt.Sprintf(`{"title": %q, "dueDate": "2026-12-24"}`, title))
	return created
}

// Root is the project's folder.
func Root(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.work")); err == nil {
			return folder
		}
		require.NotEqual(t, folder, filepath.Dir(folder), "not in the project")
		folder = filepath.Dir(folder)
	}
}

// Photos is the folder of the pictures that people attach.
func Photos(t *testing.T) string {
	t.Helper()
	return filepath.Join(Root(t), "webapp", "e2e", "photos")
}

// Photo reads one of them.
func Photo(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Photos(t), name))
	require.NoError(t, err)
	return data
}
