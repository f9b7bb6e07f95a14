package main

import (
	"context"
	"fmt"
	"net/http"

	"snaptask/db"
)

// Who reads a page: the tables that the contenders of the case read from.
const (
	pageFew      = "100 tasks in the table"
	pageOthers   = "100, and 110,000 of others"
	pageMany     = "10,000, and 100,100 of others"
	pageVeryMany = "100,000, and 10,100 of others"

	fewDatabase = "few"
)

// paging is the case of reading one page out of tables of different sizes.
func paging(ctx context.Context, s *scene, p *people) ([]contender, error) {
	if _, err := s.pool.ExecContext(ctx, "CREATE DATABASE "+fewDatabase+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci"); err != nil {
		return nil, err
	}
	few := s.server.DSN(s.account, fewDatabase)
	if _, err := db.Up(ctx, few); err != nil {
		return nil, err
	}
	all, err := s.function(ctx, "get-tasks")
	if err != nil {
		return nil, err
	}
	alone, err := s.execFunction("get-tasks", "get-tasks-few", few, nil)
	if err != nil {
		return nil, err
	}
	s.programs = append(s.programs, alone)
	if err := alone.ready(ctx, "/_/health"); err != nil {
		return nil, err
	}
	var contenders []contender
	for _, reader := range []struct {
		name  string
		tasks int
	}{{pageOthers, 100}, {pageMany, 10_000}, {pageVeryMany, 100_000}} {
		who, err := p.add(ctx, fmt.Sprintf("reader-of-%d", reader.tasks))
		if err != nil {
			return nil, err
		}
		if _, err := s.addOurs(ctx, who.ourID, reader.tasks); err != nil {
			return nil, err
		}
		page := request(http.MethodGet, "/?limit=20", who.ourToken, "", nil)
		read := func(name string, p *program) error {
			contenders = append(contenders, contender{name, p, repeating(1, p, page)})
			return listHas(p, page, 20)
		}
		if reader.name == pageOthers {
			// The same user, session and tasks, in a database where there is nothing else.
			for _, table := range []string{"users", "sessions", "tasks"} {
				of := "user_id"
				if table == "users" {
					of = "id"
				}
				_, err := s.pool.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s.%s SELECT * FROM %s.%s WHERE %s = ?", fewDatabase, table, ourDatabase, table, of), who.ourID[:])
				if err != nil {
					return nil, err
				}
			}
			if err := read(pageFew, alone); err != nil {
				return nil, err
			}
		}
		if err := read(reader.name, all); err != nil {
			return nil, err
		}
	}
	return contenders, nil
}
