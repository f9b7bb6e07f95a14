// Package housekeeping is what an operator, or a clock, does with Snaptask's data: the sweep, which finishes what functions
// left undone and removes what nobody needs any more, and the accounts of users.
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

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
)

// Help says what Run can do.
const Help = `housekeeping looks after Snaptask's data.

    housekeeping sweep                    carry out noted deletions, recognise pending pictures, remove what is out of date
                                          and pictures that no task has (uploads that died half-way); a JSON line for each;
                                          safe to run at any time, also twice at once
    housekeeping user add NAME            add a user, with a password that is made and shown this once
    housekeeping user list                list the users
    housekeeping user disable NAME        keep a user from signing in, and end all of the user's sessions at once
    housekeeping user enable NAME         let a disabled user sign in again
    housekeeping user reset-password NAME give a user a new password, made and shown this once, and end all sessions
    housekeeping user delete NAME         delete a user with all tasks; the next sweep removes the pictures
    housekeeping backup >FILE             write all users, tasks and pictures as one tar file, while functions go on working
    housekeeping verify <FILE             read a backup to its end and check its sums
    housekeeping restore <FILE            fill an empty database, brought up by migrate, and the bucket from a backup; with
                                          --replace what the database has is lost, with --over NAME only that user, if
                                          without tasks; there are no sessions in a backup: everybody signs in again
    housekeeping wait                     do nothing until told to stop: a pod in which the others are run
    housekeeping help                     this text

add and reset-password take --password-stdin: then the password is the first line of standard input.

Settings and secrets are those of the functions: DB_*; S3_* for sweep, backup and restore; for sweep also CLASSIFIER_* and
ORPHAN_AGE (1h), the age from which on a picture that no task has counts as left behind, far above the time that
predict-image may take. SECRETS_DIR (/var/openfaas/secrets) holds mysql-dsn, and s3-access-key and s3-secret-key.

Exit codes: 0 done; 1 something failed or is away; 2 arguments, input or settings are wrong; 3 there is no such user, the name
is taken, or the database to be restored is not empty.
`

// The codes that Run gives.
const (
	Done    = 0
	Failed  = 1 // something is away, or one part of the sweep or more failed
	Misused = 2 // the arguments, the input or the settings are wrong
	Refused = 3 // there is no such user, the name is taken, or the database to be restored is not empty
)

// Run does what the arguments ask for and gives the code to exit with. Passwords come from in where they are asked for;
// results go to out, and problems and the sweep's log to messages.
func Run(ctx context.Context, args []string, in io.Reader, out, messages io.Writer) int {
	err := run(ctx, args, in, out, messages)
	if err != nil && !errors.Is(err, errSweep) {
		fmt.Fprintln(messages, "housekeeping: "+inWords(err))
	}
	return code(err)
}

func run(ctx context.Context, args []string, in io.Reader, out, messages io.Writer) error {
	switch {
	case len(args) == 0:
		return misuse("say what to do: sweep, user, backup, verify, restore, wait or help")
	case args[0] == "help", args[0] == "-h", args[0] == "-help", args[0] == "--help":
		_, err := io.WriteString(out, Help)
		return err
	case args[0] == "sweep" && len(args) == 1:
		s, err := openSweep(slog.New(slog.NewJSONHandler(messages, nil)))
		if err != nil {
			return err
		}
		defer s.db.Close()
		return s.run(ctx)
	case args[0] == "wait" && len(args) == 1:
		<-ctx.Done()
		return nil
	case args[0] == "backup", args[0] == "verify", args[0] == "restore":
		return archive(ctx, args[0], args[1:], in, out, messages)
	case args[0] == "user":
		asked, err := parse(args[1:])
		if err != nil {
			return err
		}
		o, err := openOperator(in, out)
		if err != nil {
			return err
		}
		defer o.users.Close()
		return o.do(ctx, asked)
	}
	return misuse(fmt.Sprintf("there is no %q; housekeeping help lists what there is", strings.Join(args, " ")))
}

// archive does what is done with backups.
func archive(ctx context.Context, verb string, options []string, in io.Reader, out, messages io.Writer) error {
	var over store.Over
	known := len(options) == 0
	if verb == "restore" && len(options) == 1 && options[0] == "--replace" {
		over.Everything, known = true, true
	}
	if verb == "restore" && len(options) == 2 && options[0] == "--over" {
		over.User, known = auth.TrimUsername(options[1]), true
	}
	var file any = out
	if verb != "backup" {
		file = in
	}
	if terminal(file) {
		return misuse("a backup is a file, and this is a terminal; housekeeping help shows how")
	}
	if verb != "backup" {
		// kubectl exec waits for ever for a program that ends before its input does.
		defer io.Copy(io.Discard, in)
	}
	if !known {
		return misuse(fmt.Sprintf("%s takes no %q", verb, options))
	}
	if verb == "verify" {
		m, err := verify(in)
		return tellBackup(messages, "sound", m, err)
	}
	v, err := openVault(messages)
	if err != nil {
		return err
	}
	defer v.db.Close()
	if verb == "backup" {
		m, err := v.backup(ctx, out)
		return tellBackup(messages, "backed up", m, err)
	}
	m, err := v.restore(ctx, in, over)
	return tellBackup(messages, "restored", m, err)
}

func terminal(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Name() != os.DevNull
}

func tellBackup(messages io.Writer, what string, m manifest, err error) error {
	if err == nil {
		fmt.Fprintf(messages, "%s: %d users, %d tasks and %d pictures, as of %s\n", what, m.Rows["users"], m.Rows["tasks"], m.Pictures,
			m.Taken.Format(time.RFC3339))
	}
	return err
}

func openOperator(in io.Reader, out io.Writer) (*operator, error) {
	c := config.New()
	users := store.Open(c)
	if err := c.Err(); err != nil {
		return nil, wrongSettings(err)
	}
	return &operator{users, in, out}, nil
}

func wrongSettings(cause error) error {
	return &fault.Error{Kind: fault.Invalid, Code: "wrong_settings", Message: "Settings or secrets are missing or wrong.", Cause: cause}
}

func misuse(message string) error { return fault.New(fault.Invalid, "misuse", message) }

// errSweep says that a part of the sweep failed, of which the log has said why.
var errSweep = errors.New("a part of the sweep failed")

func code(err error) int {
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

// inWords is an error as an operator reads it: a fault's message, what is wrong with which field, and the cause.
func inWords(err error) string {
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
