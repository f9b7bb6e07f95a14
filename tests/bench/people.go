package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// person has an account with both designs.
type person struct {
	ourID      uuid.UUID
	ourToken   string
	otherID    int64
	otherToken string
}

// people makes persons, by way of the functions register and login and of the other design's login.
type people struct {
	s               *scene
	register, login *program
	flask           *program
}

const password = "correct horse battery staple"

func (p *people) add(ctx context.Context, name string) (person, error) {
	credentials, err := json.Marshal(map[string]string{"username": name, "password": password})
	if err != nil {
		return person{}, err
	}
	var made person
	if _, err := post(p.register.address, "/", credentials); err != nil {
		return made, fmt.Errorf("register: %w", err)
	}
	if made.ourToken, err = post(p.login.address, "/", credentials); err != nil {
		return made, fmt.Errorf("login: %w", err)
	}
	pool := p.s.pool
	if err := pool.QueryRowContext(ctx, "SELECT id FROM "+ourDatabase+".users WHERE username = ?", name).Scan(&made.ourID); err != nil {
		return made, err
	}
	result, err := pool.ExecContext(ctx, "INSERT INTO "+baselineDatabase+".users (username, password) VALUES (?, ?)", name, password)
	if err != nil {
		return made, err
	}
	if made.otherID, err = result.LastInsertId(); err != nil {
		return made, err
	}
	if made.otherToken, err = post(p.flask.address, "/login", credentials); err != nil {
		return made, fmt.Errorf("the other login: %w", err)
	}
	return made, nil
}

// post sends JSON and gives the token of the answer, if it has one.
func post(address, path string, body []byte) (token string, err error) {
	c := connection{address: address}
	defer c.close()
	a, err := c.do(request(http.MethodPost, path, "", "application/json", body))
	if err != nil {
		return "", err
	}
	if err := succeeds(a); err != nil {
		return "", err
	}
	var reply struct{ Token string }
	return reply.Token, json.Unmarshal(a.body, &reply)
}

// Every task of every contender has a title and a body as long as these.
const (
	taskTitle = "Bring the paint to the pier before it rains"
	taskBody  = "Two tins of white, one of blue. Ask for the long brushes, and keep the receipt for the harbour office."
	dueDate   = "2030-12-24"
)

// batch is how many rows one INSERT has.
const batch = 500

// addOurs puts n tasks into our table for a user and gives their ids, oldest first.
func (s *scene) addOurs(ctx context.Context, user uuid.UUID, n int) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	now := time.Now().UTC()
	return ids, s.insert(ctx, ourDatabase+`.tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions)`,
		n, func(i int) []any {
			return []any{user[:], ids[i][:], taskTitle, taskBody, dueDate, false, now, now, 1, "", "none", "[]"}
		})
}

// addOthers does the same for the other design.
func (s *scene) addOthers(ctx context.Context, user int64, n int) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, n)
	now := time.Now().UTC()
	return ids, s.insert(ctx, baselineDatabase+`.tasks (id, user_id, title, body, due_date, completed, created_at, upload, labels)`,
		n, func(i int) []any {
			ids[i] = uuid.New()
			return []any{ids[i].String(), user, taskTitle, taskBody, dueDate, false, now.Add(time.Duration(i) * time.Microsecond), false, "[]"}
		})
}

// insert adds n rows, many at once.
func (s *scene) insert(ctx context.Context, into string, n int, row func(i int) []any) error {
	for from := 0; from < n; from += batch {
		var args []any
		var rows []string
		for i := from; i < min(from+batch, n); i++ {
			values := row(i)
			args = append(args, values...)
			rows = append(rows, "(?"+strings.Repeat(", ?", len(values)-1)+")")
		}
		if _, err := s.pool.ExecContext(ctx, "INSERT INTO "+into+" VALUES "+strings.Join(rows, ", "), args...); err != nil {
			return err
		}
	}
	return nil
}
