package housekeeping

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"snaptask/functions/internal/auth"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/testbed"

	"github.com/stretchr/testify/require"
)

// runUser runs `housekeeping user` with input on standard input.
func runUser(t *testing.T, db *store.Store, input string, args ...string) (out string, err error) {
	t.Helper()
	command, err := parseUser(args)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	err = (&users{db, strings.NewReader(input), &text}).run(t.Context(), command)
	return text.String(), err
}

// passwordIs reports whether the password is the user's.
func passwordIs(t *testing.T, db *store.Store, username, password string) bool {
	t.Helper()
	user, err := db.UserByName(t.Context(), username)
	require.NoError(t, err)
	matches, err := auth.Matches(user.PasswordHash, password)
	require.NoError(t, err)
	return matches
}

func TestPasswordIsReadOrGenerated(t *testing.T) {
	t.Parallel()
	db := testbed.Store(t)
	out, err := runUser(t, db, "pass word 1 \r\nsecond line", "add", "--password-stdin", " ada ")
	require.NoError(t, err)
	require.Equal(t, "User ada added.\n", out)
	require.True(t, passwordIs(t, db, "ada", "pass word 1 "))

	out, err = runUser(t, db, "not read", "add", "eve")
	require.NoError(t, err)
	_, made, _ := strings.Cut(out, "Password: ")
	made = strings.TrimSpace(made)
	require.GreaterOrEqual(t, len(made), 26)
	require.True(t, passwordIs(t, db, "eve", made))

	out, err = runUser(t, db, "", "reset-password", "EVE")
	require.NoError(t, err)
	_, renewed, _ := strings.Cut(out, "Password: ")
	require.False(t, passwordIs(t, db, "eve", made))
	require.True(t, passwordIs(t, db, "eve", strings.TrimSpace(renewed)))
}

func TestUsersAreListed(t *testing.T) {
	t.Parallel()
	db := testbed.Store(t)
	for _, name := range []string{"bob", "ada"} {
		_, err := runUser(t, db, "", "add", name)
		require.NoError(t, err)
	}
	_, err := runUser(t, db, "", "disable", "bob")
	require.NoError(t, err)
	out, err := runUser(t, db, "", "list")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, []string{"NAME", "ADDED", "STATE"}, strings.Fields(lines[0]))
	require.Regexp(t, `^ada +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +active$`, lines[1])
	require.Regexp(t, `^bob +\S+ +disabled since `+time.Now().UTC().Format("2006-"), lines[2])
}

func TestInvisibleCharactersOfNamesAreListedVisibly(t *testing.T) {
	t.Parallel()
	db := testbed.Store(t)
	for _, name := range []string{"ada", "ada\u3164", "\u0301\u0302\u0303"} {
		require.NoError(t, db.AddUser(t.Context(), name, "none"))
	}
	out, err := runUser(t, db, "", "disable", "ada\u3164")
	require.NoError(t, err)
	require.Equal(t, `User ada\u3164 is disabled and signed out everywhere.`+"\n", out)
	out, err = runUser(t, db, "", "list")
	require.NoError(t, err)
	var names []string
	for _, line := range strings.Split(strings.TrimSpace(out), "\n")[1:] {
		names = append(names, strings.Fields(line)[0])
	}
	require.ElementsMatch(t, []string{"ada", `ada\u3164`, `\u0301\u0302\u0303`}, names)
}

func TestUserCommandsRefuseWrongUse(t *testing.T) {
	t.Parallel()
	db := testbed.Store(t)
	_, err := runUser(t, db, "", "add", "ada")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		args  string
		input string
		code  int
		says  string
	}{
		"nothing":           {"", "", Misused, "name a command"},
		"unknown":           {"promote ada", "", Misused, `no user command "promote"`},
		"no name":           {"add", "", Misused, "the name of one user"},
		"two names":         {"disable ada eve", "", Misused, "the name of one user"},
		"name for list":     {"list ada", "", Misused, "no name"},
		"unknown flag":      {"add --password=12345678 eve", "", Misused, "takes no option"},
		"flag out of place": {"disable --password-stdin ada", "", Misused, "takes no option"},
		"invalid name":      {"disable \xff", "", Misused, "valid UTF-8"},
		"name with filler":  {"add ada\u3164", "", Misused, "the username must consist of letters"},
		"short name":        {"add ab", "", Misused, "the username must have 3 to 64 characters"},
		"short password":    {"add eve --password-stdin", "1234567\n", Misused, "the password must have 8 to 128 characters"},
		"no password":       {"reset-password ada --password-stdin", "", Misused, "the password must have 8 to 128 characters"},
		"long password":     {"reset-password ada --password-stdin", strings.Repeat("x", 10000), Misused, "the password must have 8 to 128 characters"},
		"name like a flag":  {"disable -- -ada", "", Refused, "There is no such user."},
		"taken":             {"add ADA", "", Refused, "taken"},
		"nobody to disable": {"disable eve", "", Refused, "There is no such user."},
		"nobody to enable":  {"enable eve", "", Refused, "There is no such user."},
		"nobody to reset":   {"reset-password eve", "", Refused, "There is no such user."},
		"nobody to delete":  {"delete eve", "", Refused, "There is no such user."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := runUser(t, db, c.input, strings.Fields(c.args)...)
			require.Error(t, err)
			require.Empty(t, out)
			require.Equal(t, c.code, exitCode(err))
			require.Contains(t, describe(err), c.says)
		})
	}
}

func TestUnreachableDatabaseIsReported(t *testing.T) {
	t.Parallel()
	_, err := runUser(t, testbed.StoreAt(t, "u:hunter2@tcp("+testbed.DeadAddress+")/d"), "", "list")
	require.Equal(t, Failed, exitCode(err))
	require.Contains(t, describe(err), "The database can't be reached")
	require.Contains(t, describe(err), testbed.DeadAddress)
	require.NotContains(t, describe(err), "hunter2")
}
