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

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
)

// operator looks after accounts.
type operator struct {
	users *store.Store
	in    io.Reader
	out   io.Writer
}

// request is what an operator asks for.
type request struct {
	verb          string
	username      string
	passwordStdin bool // the password is on standard input, instead of being made
}

// verbs are what an operator can ask for, by name.
var verbs = map[string]struct {
	do        func(*operator, context.Context, request) error
	nameless  bool // wants no name of a user
	passwords bool // takes --password-stdin
}{
	"add":            {do: (*operator).add, passwords: true},
	"list":           {do: (*operator).list, nameless: true},
	"disable":        {do: (*operator).disable},
	"enable":         {do: (*operator).enable},
	"reset-password": {do: (*operator).resetPassword, passwords: true},
	"delete":         {do: (*operator).remove},
}

// parse reads the arguments behind "user".
func parse(args []string) (request, error) {
	if len(args) == 0 {
		return request{}, misuse("say what to do with users: add, list, disable, enable, reset-password or delete")
	}
	r := request{verb: args[0]}
	verb, known := verbs[r.verb]
	if !known {
		return request{}, misuse(fmt.Sprintf("there is no %q for users; housekeeping help lists what there is", r.verb))
	}
	var names []string
	for i, arg := range args[1:] {
		switch {
		case arg == "--":
			names = append(names, args[i+2:]...)
		case arg == "--password-stdin" && verb.passwords:
			r.passwordStdin = true
			continue
		case strings.HasPrefix(arg, "-"):
			return request{}, misuse(fmt.Sprintf("user %s takes no %q", r.verb, arg))
		default:
			names = append(names, arg)
			continue
		}
		break
	}
	switch {
	case verb.nameless && len(names) > 0:
		return request{}, misuse(fmt.Sprintf("user %s wants no name", r.verb))
	case !verb.nameless && len(names) != 1:
		return request{}, misuse(fmt.Sprintf("user %s wants the name of one user", r.verb))
	case !verb.nameless:
		r.username = auth.TrimUsername(names[0])
	}
	return r, nil
}

func (o *operator) do(ctx context.Context, r request) error { return verbs[r.verb].do(o, ctx, r) }

func (o *operator) add(ctx context.Context, r request) error {
	password, err := o.password(r)
	if err != nil {
		return err
	}
	account, err := auth.Credentials{Username: r.username, Password: password}.Validate()
	if err != nil {
		return err
	}
	if err := o.users.AddUser(ctx, account.Username, auth.Hash(account.Password)); err != nil {
		return err
	}
	return o.tell(r, password, "added")
}

func (o *operator) resetPassword(ctx context.Context, r request) error {
	password, err := o.password(r)
	if err != nil {
		return err
	}
	if problem := auth.PasswordProblem(password); problem != "" {
		return fault.InvalidFields(map[string]string{"password": problem})
	}
	if err := o.users.ResetPassword(ctx, r.username, auth.Hash(password)); err != nil {
		return err
	}
	return o.tell(r, password, "has a new password and is signed out everywhere")
}

func (o *operator) disable(ctx context.Context, r request) error {
	if err := o.users.DisableUser(ctx, r.username); err != nil {
		return err
	}
	return o.tell(r, "", "is disabled and signed out everywhere")
}

func (o *operator) enable(ctx context.Context, r request) error {
	if err := o.users.EnableUser(ctx, r.username); err != nil {
		return err
	}
	return o.tell(r, "", "may sign in")
}

func (o *operator) remove(ctx context.Context, r request) error {
	if err := o.users.RemoveUser(ctx, r.username); err != nil {
		return err
	}
	return o.tell(r, "", "is deleted; the next sweep removes the pictures")
}

func (o *operator) list(ctx context.Context, _ request) error {
	table := tabwriter.NewWriter(o.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tADDED\tSTATE")
	const page = 500
	for behind := ""; ; {
		accounts, err := o.users.Accounts(ctx, behind, page)
		if err != nil {
			return errors.Join(err, table.Flush())
		}
		for _, a := range accounts {
			state := "active"
			if !a.DisabledAt.IsZero() {
				state = "disabled since " + a.DisabledAt.Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", a.Username, a.CreatedAt.Format(time.RFC3339), state)
			behind = a.Username
		}
		if len(accounts) < page {
			return table.Flush()
		}
	}
}

// password reads the password from standard input, or makes one with 128 random bits.
func (o *operator) password(r request) (string, error) {
	if !r.passwordStdin {
		return rand.Text(), nil
	}
	const longest = 4096 // in bytes, far above any password that is accepted
	line, err := bufio.NewReader(io.LimitReader(o.in, longest)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("standard input: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// tell says what was done with the user, and shows a password that was made for it.
func (o *operator) tell(r request, password, what string) error {
	text := fmt.Sprintf("User %s %s.\n", r.username, what)
	if password != "" && !r.passwordStdin {
		text += "Password: " + password + "\n"
	}
	_, err := io.WriteString(o.out, text)
	return err
}
