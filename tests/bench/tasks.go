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
func (b *bench) rivals(n int, theirs []*fasthttp.Request, function string, ours []*fasthttp.Request) []contender {
	var all []contender
	for _, name := range []string{flaskName, gunicornName} {
		p := b.running(name, func() *program { return b.launchFlask(name, name == gunicornName) })
		all = append(all, contender{name: name, program: p, requests: theirs, clients: n})
	}
	return append(all, contender{name: ourName, program: b.function(function), requests: ours, clients: n})
}

// listing is a case of reading one user's list of n tasks.
func listing(user string, n int, target string) func(*bench) []contender {
	return func(b *bench) []contender {
		a := b.newAccount(user)
		b.insertOurs(a, n)
		b.insertFlask(a, n)
		ours := newRequest("GET", target, a.ourToken, "", nil)
		all := b.rivals(clients, []*fasthttp.Request{newRequest("GET", "/get-tasks", a.flaskToken, "", nil)}, "get-tasks", []*fasthttp.Request{ours})
		for _, c := range all {
			c.lists(n)
		}
		return append(all, b.databaseAlone(b.function("get-tasks"), []named{{request: ours}}, nil),
			contender{name: serverName, program: b.function(trivialName), requests: []*fasthttp.Request{ours}, clients: clients})
	}
}

// lists checks that the answer is a list of n of the tasks that were inserted.
func (c contender) lists(n int) {
	var tasks []struct{ ID, Title, Body, DueDate string }
	check(json.Unmarshal(c.program.receive(c.requests[0], 200), &tasks))
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
	few := b.running("get-tasks-few", func() *program { return b.launchFunction("get-tasks", "get-tasks-few", fewDSN, nil) })
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
			all = append(all, contender{name: pageFew, program: few, requests: []*fasthttp.Request{page}, clients: 1})
		}
		all = append(all, contender{name: reader.name, program: b.function("get-tasks"), requests: []*fasthttp.Request{page}, clients: 1})
	}
	for _, c := range all {
		c.lists(20)
	}
	return all
}

// newAccounts creates as many users as there are clients.
func (b *bench) newAccounts(name string) (all []account) {
	for i := range clients {
		all = append(all, b.newAccount(fmt.Sprintf("%s-%d", name, i)))
	}
	return all
}

// creating is the case of creating tasks, each client for a user of its own.
func creating(b *bench) []contender {
	draft := fmt.Sprintf(`{"title": %q, "body": %q, "dueDate": %q}`, taskTitle, taskBody, dueDate)
	var theirs, ours []*fasthttp.Request
	var recorded []named
	for _, a := range b.newAccounts("creator") {
		theirs = append(theirs, newRequest("POST", "/create-task", a.flaskToken, jsonType, []byte(draft)))
		ours = append(ours, newRequest("POST", "/", a.ourToken, jsonType, []byte(draft)))
		id := uuid.Must(uuid.NewV7())
		recorded = append(recorded, named{newRequest("POST", "/", a.ourToken, jsonType, []byte(strings.Replace(draft, "{", fmt.Sprintf(`{"id": %q, `, id), 1))), id})
	}
	all := b.rivals(clients, theirs, "create-task", ours)
	count := func() (n int) {
		check(b.pool.QueryRowContext(b.ctx, "SELECT (SELECT COUNT(*) FROM tasks) + (SELECT COUNT(*) FROM baseline.tasks)").Scan(&n))
		return n
	}
	for _, c := range all {
		for _, r := range c.requests { // the first creation also counts what the user has
			before := count()
			var made struct{ ID string }
			check(json.Unmarshal(c.program.receive(r, 200), &made))
			if count() != before+1 || uuid.Validate(made.ID) != nil {
				check(fmt.Errorf("%s made %d tasks and answered %q", c.name, count()-before, made.ID))
			}
		}
	}
	return append(all, b.databaseAlone(b.function("create-task"), recorded, func(n int) (ids []uuid.UUID) {
		for range n {
			ids = append(ids, uuid.Must(uuid.NewV7()))
		}
		return ids
	}))
}

// deleting is the case of deleting tasks that have no photo, each client for a user of its own.
func deleting(b *bench) []contender {
	accounts := b.newAccounts("deleter")
	var theirs, ours []*fasthttp.Request
	for _, a := range accounts {
		theirs = append(theirs, newRequest("DELETE", "/delete-task", a.flaskToken, "", nil))
		ours = append(ours, newRequest("DELETE", "/", a.ourToken, "", nil))
	}
	all := b.rivals(clients, theirs, "delete-task", ours)
	inserts := func(insert func(account, int) []uuid.UUID) func(n int) []uuid.UUID {
		return func(n int) []uuid.UUID { return spread(accounts, n, insert) }
	}
	for i, c := range all {
		all[i].ids = inserts(b.insertFlask)
		if c.name == ourName {
			all[i].ids = inserts(b.insertOurs)
		}
		for k, id := range all[i].ids(clients) {
			c.requests[k].URI().SetQueryString("id=" + id.String())
			c.program.receive(c.requests[k], 200)
			c.program.receive(c.requests[k], 404)
		}
	}
	var recorded []named
	for i, id := range spread(accounts, clients, b.insertOurs) {
		recorded = append(recorded, named{newRequest("DELETE", "/?id="+id.String(), accounts[i].ourToken, "", nil), id})
	}
	return append(all, b.databaseAlone(b.function("delete-task"), recorded, inserts(b.insertOurs)))
}

// spread inserts at least n tasks, as many for each account, and returns their ids: every task is of the account after that of
// the task before.
func spread(accounts []account, n int, insert func(account, int) []uuid.UUID) (ids []uuid.UUID) {
	each := (n + len(accounts) - 1) / len(accounts)
	ids = make([]uuid.UUID, each*len(accounts))
	for i, a := range accounts {
		for k, id := range insert(a, each) {
			ids[k*len(accounts)+i] = id
		}
	}
	return ids
}
