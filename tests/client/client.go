// Package client calls the functions of a running Snaptask over HTTP. It has a typed method for every regular call, and Do for
// anything else.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// httpClient waits longer for an answer than any function may take.
var httpClient = &http.Client{Timeout: 100 * time.Second}

// Client calls functions with the token of one session, or with none.
type Client struct {
	URL   string // of the gateway or the web server: functions are at URL/function/NAME
	Token string
}

// Answer is an HTTP response whose body was read.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends body to call, a function's name with an optional query. It returns an error if no complete answer arrives.
func (c Client) Do(ctx context.Context, method, call string, body []byte) (Answer, error) {
	return Send(ctx, method, c.URL+"/function/"+call, c.Token, body)
}

// Send is Do for any URL.
func Send(ctx context.Context, method, url, token string, body []byte) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl -d does
	response, err := httpClient.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	received, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, err
	}
	return Answer{response.StatusCode, response.Header, received}, nil
}

// send calls a function with value as JSON, unless that is nil, and returns only answers of status 200.
func (c Client) send(ctx context.Context, method, call string, value any) (Answer, error) {
	var body []byte
	if value != nil {
		var err error
		if body, err = json.Marshal(value); err != nil {
			return Answer{}, err
		}
	}
	answer, err := c.Do(ctx, method, call, body)
	if err != nil {
		return answer, err
	}
	return answer, answer.Err()
}

// decode decodes the JSON of an answer unless err is set.
func decode[T any](answer Answer, err error) (value T, _ error) {
	if err != nil {
		return value, err
	}
	if err := json.Unmarshal(answer.Body, &value); err != nil {
		return value, answer.violates(err.Error())
	}
	return value, nil
}

type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Register creates an account.
func (c Client) Register(ctx context.Context, username, password string) error {
	_, err := c.send(ctx, http.MethodPost, "register", credentials{username, password})
	return err
}

// SignIn returns a client with a new session's token.
func (c Client) SignIn(ctx context.Context, username, password string) (Client, error) {
	session, err := decode[struct{ Token string }](c.send(ctx, http.MethodPost, "login", credentials{username, password}))
	return Client{c.URL, session.Token}, err
}

// Logout ends the session.
func (c Client) Logout(ctx context.Context) error {
	_, err := c.send(ctx, http.MethodPost, "logout", nil)
	return err
}

// ChangePassword replaces the password. It ends all other sessions of the user.
func (c Client) ChangePassword(ctx context.Context, current, replacement string) error {
	_, err := c.send(ctx, http.MethodPost, "change-password", map[string]string{"currentPassword": current, "newPassword": replacement})
	return err
}

// DeleteAccount removes the account with all its tasks and images.
func (c Client) DeleteAccount(ctx context.Context, password string) error {
	_, err := c.send(ctx, http.MethodPost, "delete-account", map[string]string{"currentPassword": password})
	return err
}

// CreateTask creates a task with this id, or with one that the function chooses if id is empty.
func (c Client) CreateTask(ctx context.Context, id string, d Draft) (Task, error) {
	return decode[Task](c.send(ctx, http.MethodPost, "create-task", struct {
		ID string `json:"id,omitempty"`
		Draft
	}{id, d}))
}

// Task returns one task.
func (c Client) Task(ctx context.Context, id string) (Task, error) {
	return decode[Task](c.send(ctx, http.MethodGet, "get-tasks?id="+id, nil))
}

// Page returns the tasks that query selects, and the query of the next page, which is nil after the last one.
func (c Client) Page(ctx context.Context, query url.Values) (tasks []Task, next url.Values, err error) {
	answer, err := c.send(ctx, http.MethodGet, "get-tasks?"+query.Encode(), nil)
	if tasks, err = decode[[]Task](answer, err); err != nil {
		return nil, nil, err
	}
	link := answer.Header.Get("Link")
	if link == "" {
		return tasks, nil, nil
	}
	reference, ok := strings.CutSuffix(link, `>; rel="next"`)
	if next, err = url.ParseQuery(strings.TrimPrefix(reference, "<?")); !ok || err != nil {
		return nil, nil, answer.violates("Link is " + link)
	}
	return tasks, next, nil
}

// Tasks returns all tasks that query selects, page by page.
func (c Client) Tasks(ctx context.Context, query url.Values) (all []Task, err error) {
	for {
		page, next, err := c.Page(ctx, query)
		if all = append(all, page...); err != nil || next == nil {
			return all, err
		}
		query = next
	}
}

// UpdateTask changes a task whose version is that of the change.
func (c Client) UpdateTask(ctx context.Context, id string, change Change) (Task, error) {
	return decode[Task](c.send(ctx, http.MethodPatch, "update-task?id="+id, change))
}

// DeleteTask removes a task with its image.
func (c Client) DeleteTask(ctx context.Context, id string) error {
	_, err := c.send(ctx, http.MethodDelete, "delete-task?id="+id, nil)
	return err
}

// PutImage attaches an image to a task.
func (c Client) PutImage(ctx context.Context, id string, image []byte) (Task, error) {
	answer, err := c.Do(ctx, http.MethodPut, "predict-image?id="+id, image)
	if err == nil {
		err = answer.Err()
	}
	return decode[Task](answer, err)
}

// PredictAgain classifies the stored image of a task again.
func (c Client) PredictAgain(ctx context.Context, id string) (Task, error) {
	return decode[Task](c.send(ctx, http.MethodPost, "predict-image?id="+id, nil))
}

// Image returns the JPEG of a task in a size, full or thumb.
func (c Client) Image(ctx context.Context, id, size string) ([]byte, error) {
	answer, err := c.send(ctx, http.MethodGet, "get-image?id="+id+"&size="+size, nil)
	if kind := answer.Header.Get("Content-Type"); err == nil && kind != "image/jpeg" {
		err = answer.violates("Content-Type is " + kind)
	}
	return answer.Body, err
}

// DeleteImage removes the image from a task.
func (c Client) DeleteImage(ctx context.Context, id string) (Task, error) {
	return decode[Task](c.send(ctx, http.MethodDelete, "delete-image?id="+id, nil))
}
