// Package housekeeping implements the commands that an operator, or a schedule, runs on Snaptask's data: the sweep, which
// finishes what functions left undone and removes what is no longer needed, user accounts, and backups.
package housekeeping

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"snaptask/functions/housekeeping/backup"
	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"
	"snaptask/functions/telemetry"
)

// Help is the text of `housekeeping help`.
const Help = `housekeeping maintains Snaptask's data.

    housekeeping sweep                    Empty deleted accounts, delete pictures noted for deletion, finish uploads whose event
                                          was lost, recognise pending pictures, and remove expired data and pictures that no
                                          task has (left by calls that failed half-way). Logs a JSON line for each. Safe to
                                          run at any time, even concurrently.
    housekeeping user add NAME            Add a user and show the new password, once.
    housekeeping user list                List the users.
    housekeeping user disable NAME        Keep a user from signing in, and end all of the user's sessions at once.
    housekeeping user enable NAME         Let a disabled user sign in again.
    housekeeping user reset-password NAME Show a new password for a user, once, and end all of the user's sessions.
    housekeeping user delete NAME         Delete a user. The next sweep removes the tasks and pictures.
    housekeeping backup >FILE             Write all users, tasks and pictures to a tar file while functions keep running.
                                          Only its owner may be allowed to read it: umask 077.
    housekeeping verify <FILE             Read a whole backup and check its sums.
    housekeeping restore <FILE            Fill the bucket and an empty, migrated database from a backup. --replace replaces
                                          what the database has; --over NAME replaces only that user, who must have no tasks.
                                          Backups have no sessions: everybody has to sign in again.
    housekeeping wait                     Do nothing until stopped, for a pod in which to run the other commands.
    housekeeping help                     Show this text.

With --password-stdin, add and reset-password read the password from the first line of standard input.

A command waits for the database and the object store for up to half a minute.

Settings and secrets are those of the functions: DB_*; S3_* for sweep, backup and restore; CLASSIFIER_* and ORPHAN_AGE (1h) for
sweep. The sweep removes a picture that no task has, or an upload that no task awaits, once it is older than ORPHAN_AGE, which must
be far longer than predict-image may take. SECRETS_DIR (/var/openfaas/secrets) holds mysql-dsn, s3-access-key and s3-secret-key.

Exit codes: 0 done; 1 something failed or is unavailable; 2 wrong arguments, input or settings; 3 there is no such user, the
name is taken, or the database to restore to is not empty.
`

// Exit codes.
const (
	Done    = 0
	Failed  = 1 // something is unavailable, or part of the sweep failed
	Misused = 2 // wrong arguments, input or settings
	Refused = 3 // there is no such user, the name is taken, or the database to restore to is not empty
)

// Run runs the command in args and returns the exit code. It reads passwords and backups from in, and writes results to out,
// and problems and the sweep's log to messages.
func Run(ctx context.Context, args []string, in io.Reader, out, messages io.Writer) int {
	err := run(ctx, args, in, out, messages)
	if err != nil && !errors.Is(err, errSweep) {
		fmt.Fprintln(messages, "housekeeping: "+describe(err))
	}
	return exitCode(err)
}

func run(ctx context.Context, args []string, in io.Reader, out, messages io.Writer) error {
	if len(args) == 0 {
		return misuse("name a command: sweep, user, backup, verify, restore, wait or help")
	}
	switch verb, rest := args[0], args[1:]; {
	case verb == "help", verb == "-h", verb == "-help", verb == "--help":
		_, err := io.WriteString(out, Help)
		return err
	case verb == "sweep" && len(rest) == 0:
		s, err := openSweep(slog.New(slog.NewJSONHandler(messages, nil)))
		if err != nil {
			return err
		}
		closeTraces, err := telemetry.Open(service)
		if err != nil {
			return wrongSettings(err)
		}
		defer closeTraces()
		defer s.db.Close()
		wait(ctx, s.db.Ready, s.pictures.Ready)
		return s.run(ctx)
	case verb == "wait" && len(rest) == 0:
		<-ctx.Done()
		return nil
	case verb == "backup", verb == "verify", verb == "restore":
		return runBackup(ctx, verb, rest, in, out, messages)
	case verb == "user":
		command, err := parseUser(rest)
		if err != nil {
			return err
		}
		u, err := openUsers(in, out)
		if err != nil {
			return err
		}
		defer u.db.Close()
		wait(ctx, u.db.Ready)
		return u.run(ctx, command)
	}
	return misuse("there is no command %q; see housekeeping help", strings.Join(args, " "))
}

// runBackup runs backup, verify or restore.
func runBackup(ctx context.Context, verb string, options []string, in io.Reader, out, messages io.Writer) error {
	var file any = in
	if verb == "backup" {
		file = out
	}
	if isTerminal(file) {
		return misuse("a backup is a file, and this is a terminal; see housekeeping help")
	}
	if verb == "backup" && othersMayRead(out) {
		return misuse("others may read this file, and a backup has everybody's tasks: remove it, run umask 077, and write it again")
	}
	if verb != "backup" {
		// kubectl exec does not end until the program has read all input.
		defer io.Copy(io.Discard, in)
	}
	var over store.Over
	switch {
	case len(options) == 0:
	case verb == "restore" && len(options) == 1 && options[0] == "--replace":
		over.Everything = true
	case verb == "restore" && len(options) == 2 && options[0] == "--over":
		over.User = auth.TrimUsername(options[1])
	default:
		return misuse("%s takes no %q", verb, options)
	}
	if verb == "verify" {
		m, err := backup.Verify(in)
		return reportBackup(messages, "sound", m, err)
	}
	data, err := openData(messages)
	if err != nil {
		return err
	}
	defer data.DB.Close()
	wait(ctx, data.DB.Ready, data.Pictures.Ready)
	if verb == "backup" {
		m, err := data.Write(ctx, out)
		return reportBackup(messages, "backed up", m, err)
	}
	m, err := data.Restore(ctx, in, over)
	return reportBackup(messages, "restored", m, err)
}

func reportBackup(messages io.Writer, done string, m backup.Manifest, err error) error {
	if err == nil {
		fmt.Fprintf(messages, "%s: %d users, %d tasks and %d pictures, as of %s\n", done, m.Rows["users"], m.Rows["tasks"], m.Pictures,
			m.Taken.Format(time.RFC3339))
	}
	return err
}

func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Name() != os.DevNull
}

// othersMayRead reports whether f is a file that not only its owner may read.
func othersMayRead(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0
}

func openData(messages io.Writer) (backup.Data, error) {
	c := config.New()
	pictures := objects.Open(c)
	database := store.ReadConfig(c)
	if err := c.Err(); err != nil {
		return backup.Data{}, wrongSettings(err)
	}
	database.Timeout = max(database.Timeout, backup.StatementTimeout)
	db, err := store.New(database)
	if err != nil {
		return backup.Data{}, wrongSettings(err)
	}
	return backup.Data{DB: db, Pictures: pictures, Progress: func(format string, args ...any) { fmt.Fprintf(messages, format+"\n", args...) }}, nil
}

func wrongSettings(cause error) error {
	return &fault.Error{Kind: fault.Invalid, Code: "wrong_settings", Message: "Settings or secrets are missing or wrong.", Cause: cause}
}

func misuse(format string, args ...any) error {
	return fault.New(fault.Invalid, "misuse", fmt.Sprintf(format, args...))
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return Done
	case fault.Is(err, fault.Invalid):
		return Misused
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Conflict):
		return Refused
	}
	return Failed
}

// describe formats an error for an operator: a fault's message, or the problem of each field, and the cause.
func describe(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err.Error()
	}
	text := f.Message
	var fields []string
	for name, problem := range f.Fields {
		fields = append(fields, name+" "+problem)
	}
	if len(fields) > 0 {
		slices.Sort(fields)
		text = "the " + strings.Join(fields, ", the ")
	}
	if f.Cause != nil {
		text += "\n" + f.Cause.Error()
	}
	return text
}
