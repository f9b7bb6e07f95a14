package crowd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

const (
	callTimeout = 100 * time.Second // more than any function may take
	password    = "chaos password"  // of everybody
)

// person is one who has signed in and works in several windows at once.
type person struct {
	crowd   *Crowd
	token   string
	workers []*worker
}

// answer is what came back for a call.
type answer struct {
	kind   string
	begun  time.Time
	status int
	header http.Header
	body   []byte
}

// newPerson registers and signs in.
func newPerson(ctx context.Context, c *Crowd, name string) (*person, error) {
	p := &person{crowd: c}
	credentials := credentials(name)
	if got := p.call(ctx, "register", http.MethodPost, "register", credentials); got.status != http.StatusOK {
		return nil, fmt.Errorf("register: %d %s", got.status, got.body)
	}
	got := p.call(ctx, "login", http.MethodPost, "login", credentials)
	var session struct{ Token string }
	if err := json.Unmarshal(got.body, &session); err != nil || session.Token == "" {
		return nil, fmt.Errorf("login: %d %s", got.status, got.body)
	}
	p.token = session.Token
	return p, nil
}

func credentials(name string) []byte {
	return fmt.Appendf(nil, `{"username": %q, "password": %q}`, name, password)
}

// call sends a request to a function. It is carried out even when ctx has ended: work that has begun is finished. The
// answer may be one that is always allowed, or has one of the explained statuses.
func (p *person) call(ctx context.Context, kind, method, function string, body []byte, explained ...int) answer {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	got := answer{kind: kind, begun: time.Now(), status: Lost}
	err := p.send(ctx, &got, method, function, body)
	took := time.Since(got.begun)
	p.crowd.answered(kind, got.status, took)
	if err != nil {
		got.status = Lost
		return got
	}
	p.judge(got, explained)
	return got
}

func (p *person) send(ctx context.Context, got *answer, method, function string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, method, p.crowd.options.URL+"/function/"+function, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got.body, err = io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	got.status, got.header = response.StatusCode, response.Header
	return nil
}

// judge checks what must hold for every answer, whatever has died.
func (p *person) judge(got answer, explained []int) {
	allowed := []int{http.StatusOK, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable}
	if !slices.Contains(slices.Concat(allowed, explained), got.status) {
		p.crowd.Violated("%s was answered %d: %.300s", got.kind, got.status, got.body)
		return
	}
	if got.header.Get("X-Call-Id") == "" || got.header.Get("Content-Type") == "" {
		p.crowd.Violated("%s: an answer without X-Call-Id or Content-Type: %v", got.kind, got.header)
	}
	if got.status == http.StatusOK {
		return
	}
	if got.again() && got.header.Get("Retry-After") == "" {
		p.crowd.Violated("%s was answered %d without Retry-After: %.300s", got.kind, got.status, got.body)
	}
	if _, err := got.fault(); err != nil {
		p.crowd.Violated("%s was answered %d in a form that is no error's: %v", got.kind, got.status, err)
	}
}

// again says whether the answer leaves open what happened: there is none, or it asks to try again.
func (got answer) again() bool {
	return got.status == Lost || got.status == http.StatusServiceUnavailable || got.status == http.StatusTooManyRequests
}

// fault gives the code of an answer that is an error.
func (got answer) fault() (code string, err error) {
	var body struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(got.body, &body); err != nil {
		return "", fmt.Errorf("%w: %.300s", err, got.body)
	}
	if body.Error.Code == "" || body.Error.Message == "" {
		return "", errors.New("no code or message: " + string(got.body))
	}
	return body.Error.Code, nil
}
