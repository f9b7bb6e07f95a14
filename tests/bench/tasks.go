//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"snaptask/db"
)

// The text of every task of every contender.
const (
	taskTitle = "Bring the paint to the pier before it rains"
	taskBody  = "Two tins of white, one of blue. Ask for the long brushes, and keep the receipt for the harbour office."
	dueDate   = "2030-12-24"
)

const jsonType = "application/json"

// account is a user of both designs.
type account struct {
	ourID                []byte
	flaskID              int64
	ourToken, flaskToken string
}

// newAccount creates a user, with the functions register and login and in the Flask design's table.
func (b *bench) newAccount(name string) (a account) {
	credentials := fmt.Appendf(nil, `{"username": %q, "password": "correct horse battery staple"}`, name)
	b.function("register").receive(newRequest("POST", "/", "", jsonType, credentials), 200)
	var reply struct{ Token string }
	check(json.Unmarshal(b.function("login").receive(newRequest("POST", "/", "", jsonType, credentials), 200), &reply))
	a.ourToken, a.flaskToken = reply.Token, strings.ReplaceAll(uuid.NewString(), "-", "")
	check(b.pool.QueryRowContext(b.ctx, "SELECT id FROM users WHERE username = ?", name).Scan(&a.ourID))
	made := must(b.pool.ExecContext(b.ctx, "INSERT INTO baseline.users (username, password, token) VALUES (?, '', ?)", name, a.flaskToken))
	a.flaskID = must(made.LastInsertId())
	return a
}

// insertOurs inserts n tasks of Snaptask and returns their ids, oldest first.
func (b *bench) insertOurs(a account, n int) []uuid.UUID {
	now := time.Now().UTC()
	return b.insert("tasks (user_id, id, title, body, due_date, completed, created_at, updated_at, version, image_key, image_status, predictions)", n, func(int) (uuid.UUID, []any) {
		id := uuid.Must(uuid.NewV7())
		return id, []any{a.ourID, id[:], taskTitle, taskBody, dueDate, false, now, now, 1, "", "none", "[]"}
	})
}

// insertFlask inserts n tasks of the Flask design and returns their ids.
func (b *bench) insertFlask(a account, n int) []uuid.UUID {
	now := time.Now().UTC()
	return b.insert("baseline.tasks (id, user_id, title, body, due_date, completed, created_at, upload, labels)", n, func(i int) (uuid.UUID, []any) {
		id := uuid.New()
		return id, []any{id.String(), a.flaskID, taskTitle, taskBody, dueDate, false, now.Add(time.Duration(i) * time.Microsecond), false, "[]"}
	})
}

// insert inserts n rows, 500 with each statement, and returns their ids.
func (b *bench) insert(into string, n int, row func(i int) (uuid.UUID, []any)) (ids []uuid.UUID) {
	for len(ids) < n {
		var args []any
		var rows []string
		for range min(500, n-len(ids)) {
			id, values := row(len(ids))
			ids, args = append(ids, id), append(args, values...)
			rows = append(rows, "(?"+strings.Repeat(", ?", len(values)-1)+")")
		}
		b.exec("INSERT INTO "+into+" VALUES "+strings.Join(rows, ", "), args...)
	}
	return ids
}

// rivals returns the Flask design, on both its servers, and a function, as contenders with n clients each.
func (b *bench) rivals(n int, theirs *fasthttp.Request, function string, ours *fasthttp.Request) []contender {
	var all []contender
	for _, name := range []string{flaskName, gunicornName} {
		p := b.running(name, func() *program { return b.launchFlask(name, name == gunicornName) })
		all = append(all, contender{name: name, program: p, request: theirs, clients: n})
	}
	return append(all, contender{name: ourName, program: b.function(function), request: ours, clients: n})
}

// listing is a case of reading one user's list of n tasks.
func listing(user string, n int, target string) func(*bench) []contender {
	return func(b *bench) []contender {
		a := b.newAccount(user)
		b.insertOurs(a, n)
		b.insertFlask(a, n)
		ours := newRequest("GET", target, a.ourToken, "", nil)
		all := b.rivals(clients, newRequest("GET", "/get-tasks", a.flaskToken, "", nil), "get-tasks", ours)
		for _, c := range all {
			c.lists(n)
		}
		return append(all, b.databaseAlone(b.function("get-tasks"), ours, uuid.Nil, nil),
			contender{name: serverName, program: b.function(trivialName), request: ours, clients: clients})
	}
}

// lists checks that the answer is a list of n of the tasks that were inserted.
func (c contender) lists(n int) {
	var tasks []struct{ ID, Title, Body, DueDate string }
	check(json.Unmarshal(c.program.receive(c.request, 200), &tasks))
	ids := map[string]bool{}
	for _, t := range tasks {
		if t.Title == taskTitle && t.Body == taskBody && t.DueDate == dueDate {
			ids[t.ID] = true
		}
	}
	if len(tasks) != n || len(ids) != n {
		check(fmt.Errorf("%s: %d tasks, of which %d are right, instead of %d", c.name, len(tasks), len(ids), n))
	}
}

// paging is the case of reading one page from tables of different sizes.
func paging(b *bench) []contender {
	b.exec("CREATE DATABASE few CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci")
	fewDSN := b.server.DSN(b.server.Accounts[0], "few")
	must(db.Up(b.ctx, fewDSN))
	few := b.running("get-tasks-few", func() *program { return b.launchFunction("get-tasks", "get-tasks-few", fewDSN) })
	var all []contender
	for _, reader := range []struct {
		name  string
		tasks int
	}{{pageOthers, 100}, {pageMany, 10_000}, {pageVeryMany, 100_000}} {
		a := b.newAccount(fmt.Sprintf("reader-of-%d", reader.tasks))
		b.insertOurs(a, reader.tasks)
		page := newRequest("GET", "/?limit=20", a.ourToken, "", nil)
		if reader.name == pageOthers { // the same user, session and tasks in a database without anything else
			b.exec("INSERT INTO few.users SELECT * FROM users WHERE id = ?", a.ourID)
			b.exec("INSERT INTO few.sessions SELECT * FROM sessions WHERE user_id = ?", a.ourID)
			b.exec("INSERT INTO few.tasks SELECT * FROM tasks WHERE user_id = ?", a.ourID)
			all = append(all, contender{name: pageFew, program: few, request: page, clients: 1})
		}
		all = append(all, contender{name: reader.name, program: b.function("get-tasks"), request: page, clients: 1})
	}
	for _, c := range all {
		c.lists(20)
	}
	return all
}

// creating is the case of creating tasks.
func creating(b *bench) []contender {
	a := b.newAccount("creator")
	draft := fmt.Sprintf(`{"title": %q, "body": %q, "dueDate": %q}`, taskTitle, taskBody, dueDate)
	all := b.rivals(clients, newRequest("POST", "/create-task", a.flaskToken, jsonType, []byte(draft)),
		"create-task", newRequest("POST", "/", a.ourToken, jsonType, []byte(draft)))
	count := func() (n int) {
		check(b.pool.QueryRowContext(b.ctx, "SELECT (SELECT COUNT(*) FROM tasks) + (SELECT COUNT(*) FROM baseline.tasks)").Scan(&n))
		return n
	}
	for _, c := range all {
		before := count()
		var made struct{ ID string }
		check(json.Unmarshal(c.program.receive(c.request, 200), &made))
		if count() != before+1 || uuid.Validate(made.ID) != nil {
			check(fmt.Errorf("%s made %d tasks and answered %q", c.name, count()-before, made.ID))
		}
	}
	id := uuid.Must(uuid.NewV7())
	named := newRequest("POST", "/", a.ourToken, jsonType, []byte(strings.Replace(draft, "{", fmt.Sprintf(`{"id": %q, `, id), 1)))
	return append(all, b.databaseAlone(b.function("create-task"), named, id, func(n int) (ids []uuid.UUID) {
		for range n {
			ids = append(ids, uuid.Must(uuid.NewV7()))
		}
		return ids
	}))
}

// deleting is the case of deleting tasks that have no photo.
func deleting(b *bench) []contender {
	a := b.newAccount("deleter")
	insertOurs := func(n int) []uuid.UUID { return b.insertOurs(a, n) }
	all := b.rivals(clients, newRequest("DELETE", "/delete-task", a.flaskToken, "", nil), "delete-task", newRequest("DELETE", "/", a.ourToken, "", nil))
	for i, c := range all {
		all[i].ids = func(n int) []uuid.UUID { return b.insertFlask(a, n) }
		if c.name == ourName {
			all[i].ids = insertOurs
		}
		c.request.URI().SetQueryString("id=" + all[i].ids(1)[0].String())
		c.program.receive(c.request, 200)
		c.program.receive(c.request, 404)
	}
	id := insertOurs(1)[0]
	named := newRequest("DELETE", "/?id="+id.String(), a.ourToken, "", nil)
	return append(all, b.databaseAlone(b.function("delete-task"), named, id, insertOurs))
}
