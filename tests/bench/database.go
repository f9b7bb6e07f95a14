//go:build linux

package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"
)

// logged matches the beginning of an entry in MariaDB's general log: the time if it has changed, the connection and the
// command.
var logged = regexp.MustCompile(`(?m)^(?:\d{6} +[\d:]+)?\t+ *\d+ (\w+)\t?`)

// record returns the statements that a function sends to the database for a request, from MariaDB's general log.
func (b *bench) record(p *program, r *fasthttp.Request) []string {
	file := filepath.Join(b.folder, "statements.log")
	defer os.Remove(file)
	b.exec("SET GLOBAL general_log_file = ?", file)
	b.exec("SET GLOBAL general_log = ON")
	p.receive(r, 200)
	b.exec("SET GLOBAL general_log = OFF")
	statements := statementsOf(must(os.ReadFile(file)))
	if len(statements) == 0 {
		check(fmt.Errorf("%s sent no statement to the database", p.name))
	}
	return statements
}

func statementsOf(log []byte) (statements []string) {
	entries := logged.FindAllSubmatchIndex(log, -1)
	for i, entry := range entries {
		end := len(log)
		if i+1 < len(entries) {
			end = entries[i+1][0]
		}
		command, text := string(log[entry[2]:entry[3]]), string(bytes.TrimSuffix(log[entry[1]:end], []byte("\n")))
		if command == "Query" && !strings.HasPrefix(text, "SET GLOBAL general_log") {
			statements = append(statements, text)
		}
	}
	return statements
}

var escaper = strings.NewReplacer("\x00", `\0`, "\n", `\n`, "\r", `\r`, "\x1a", `\Z`, `'`, `\'`, `"`, `\"`, `\`, `\\`)

// escaped returns an id as the driver writes it between quotes.
func escaped(id uuid.UUID) string { return escaper.Replace(string(id[:])) }

// named is a request and the id of the task in it.
type named struct {
	request *fasthttp.Request
	id      uuid.UUID
}

// databaseAlone returns a contender that sends the statements of a function's requests to the database, reads the rows, and does
// nothing else. Client i sends those of the request at i modulo their number. If ids is not nil, each call replaces the recorded
// id by its own.
func (b *bench) databaseAlone(p *program, requests []named, ids func(n int) []uuid.UUID) contender {
	var recorded [][]string
	for _, r := range requests {
		recorded = append(recorded, b.record(p, r.request))
		if ids != nil && !strings.Contains(strings.Join(recorded[len(recorded)-1], ""), escaped(r.id)) {
			check(errors.New("the recorded statements do not contain the task's id"))
		}
	}
	return contender{name: databaseName, clients: clients, ids: ids, database: func(i int) client {
		conn, statements, of := must(b.pool.Conn(b.ctx)), recorded[i%len(recorded)], requests[i%len(requests)].id
		return client{close: func() { conn.Close() }, call: func(id uuid.UUID) error {
			for _, statement := range statements {
				if ids != nil {
					statement = strings.ReplaceAll(statement, escaped(of), escaped(id))
				}
				if err := drain(conn.QueryContext(b.ctx, statement)); err != nil {
					return err
				}
			}
			return nil
		}}
	}}
}

// drain reads all rows.
func drain(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
