package housekeeping

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/text"
)

// userCommand is one command of `housekeeping user`.
type userCommand struct {
	verb          string
	username      string
	passwordStdin bool // read the password instead of generating one
}

// userVerb describes the arguments of a verb and implements it.
type userVerb struct {
	do        func(*users, context.Context, userCommand) error
	noName    bool
	passwords bool // accepts --password-stdin
}

var userVerbs = map[string]userVerb{
	"add":            {do: (*users).add, passwords: true},
	"list":           {do: (*users).list, noName: true},
	"disable":        {do: change((*store.Store).DisableUser, "is disabled and signed out everywhere")},
	"enable":         {do: change((*store.Store).EnableUser, "may sign in")},
	"reset-password": {do: (*users).resetPassword, passwords: true},
	"delete":         {do: change((*store.Store).RemoveUser, "is deleted; the next sweep removes the tasks and pictures")},
}

// parseUser reads the arguments after "user".
func parseUser(args []string) (userCommand, error) {
	if len(args) == 0 {
		return userCommand{}, misuse("name a command for users: add, list, disable, enable, reset-password or delete")
	}
	c := userCommand{verb: args[0]}
	verb, ok := userVerbs[c.verb]
	if !ok {
		return c, misuse("there is no user command %q; see housekeeping help", c.verb)
	}
	var names []string
	options := true
	for _, arg := range args[1:] {
		switch {
		case options && arg == "--":
			options = false
		case options && arg == "--password-stdin" && verb.passwords:
			c.passwordStdin = true
		case options && strings.HasPrefix(arg, "-"):
			return c, misuse("user %s takes no option %q", c.verb, arg)
		default:
			names = append(names, arg)
		}
	}
	switch {
	case verb.noName && len(names) > 0:
		return c, misuse("user %s takes no name", c.verb)
	case !verb.noName && len(names) != 1:
		return c, misuse("user %s takes the name of one user", c.verb)
	case !verb.noName && !utf8.ValidString(names[0]):
		return c, misuse("the name must be valid UTF-8")
	case !verb.noName:
		c.username = auth.TrimUsername(names[0])
	}
	return c, nil
}

// users runs user commands.
type users struct {
	db  *store.Store
	in  io.Reader
	out io.Writer
}

func openUsers(in io.Reader, out io.Writer) (*users, error) {
	c := config.New()
	db := store.Open(c)
	if err := c.Err(); err != nil {
		return nil, wrongSettings(err)
	}
	return &users{db, in, out}, nil
}

func (u *users) run(ctx context.Context, c userCommand) error { return userVerbs[c.verb].do(u, ctx, c) }

// change returns a verb that changes a user and reports it.
func change(f func(*store.Store, context.Context, string) error, done string) func(*users, context.Context, userCommand) error {
	return func(u *users, ctx context.Context, c userCommand) error {
		if err := f(u.db, ctx, c.username); err != nil {
			return err
		}
		return u.report(c, "", done)
	}
}

func (u *users) add(ctx context.Context, c userCommand) error {
	password, err := u.password(c)
	if err != nil {
		return err
	}
	account, err := auth.Credentials{Username: c.username, Password: password}.Validate()
	if err != nil {
		return err
	}
	if err := u.db.AddUser(ctx, account.Username, auth.Hash(account.Password)); err != nil {
		return err
	}
	return u.report(c, password, "added")
}

func (u *users) resetPassword(ctx context.Context, c userCommand) error {
	password, err := u.password(c)
	if err != nil {
		return err
	}
	valid, err := auth.NewPassword("password", password)
	if err != nil {
		return err
	}
	if err := u.db.ResetPassword(ctx, c.username, auth.Hash(valid)); err != nil {
		return err
	}
	return u.report(c, password, "has a new password and is signed out everywhere")
}

func (u *users) list(ctx context.Context, _ userCommand) error {
	table := tabwriter.NewWriter(u.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tADDED\tSTATE")
	const page = 500
	for after := ""; ; {
		accounts, err := u.db.Accounts(ctx, after, page)
		if err != nil {
			return errors.Join(err, table.Flush())
		}
		for _, a := range accounts {
			state := "active"
			if !a.DisabledAt.IsZero() {
				state = "disabled since " + a.DisabledAt.Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", text.Escape(a.Username), a.CreatedAt.Format(time.RFC3339), state)
			after = a.Username
		}
		if len(accounts) < page {
			return table.Flush()
		}
	}
}

// password returns the first line of standard input, or a new random password of 128 bits.
func (u *users) password(c userCommand) (string, error) {
	if !c.passwordStdin {
		return rand.Text(), nil
	}
	const maxLine = 4096 // in bytes, far longer than any accepted password
	line, err := bufio.NewReader(io.LimitReader(u.in, maxLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("standard input: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// report prints what was done with the user, and a generated password.
func (u *users) report(c userCommand, password, what string) error {
	line := fmt.Sprintf("User %s %s.\n", text.Escape(c.username), what)
	if password != "" && !c.passwordStdin {
		line += "Password: " + password + "\n"
	}
	_, err := io.WriteString(u.out, line)
	return err
}
