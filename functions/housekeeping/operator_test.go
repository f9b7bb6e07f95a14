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

// ask does what the arguments behind "user" ask for, with input on standard input.
func ask(t *testing.T, users *store.Store, input string, args ...string) (out string, err error) {
	t.Helper()
	r, err := parse(args)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	err = (&operator{users, strings.NewReader(input), &text}).do(t.Context(), r)
	return text.String(), err
}

// opens says whether the password is the user's.
func opens(t *testing.T, users *store.Store, username, password string) bool {
	t.Helper()
	user, err := users.UserByName(t.Context(), username)
	require.NoError(t, err)
	matches, err := auth.Matches(user.PasswordHash, password)
	require.NoError(t, err)
	return matches
}

func TestAPasswordIsReadOrMade(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	out, err := ask(t, users, "pass word 1 \r\nsecond line", "add", "--password-stdin", " ada ")
	require.NoError(t, err)
	require.Equal(t, "User ada added.\n", out)
	require.True(t, opens(t, users, "ada", "pass word 1 "))

	out, err = ask(t, users, "not read", "add", "eve")
	require.NoError(t, err)
	_, made, _ := strings.Cut(out, "Password: ")
	made = strings.TrimSpace(made)
	require.GreaterOrEqual(t, len(made), 26)
	require.True(t, opens(t, users, "eve", made))

	out, err = ask(t, users, "", "reset-password", "EVE")
	require.NoError(t, err)
	_, renewed, _ := strings.Cut(out, "Password: ")
	require.False(t, opens(t, users, "eve", made))
	require.True(t, opens(t, users, "eve", strings.TrimSpace(renewed)))
}

func TestUsersAreListed(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	for _, name := range []string{"bob", "ada"} {
		_, err := ask(t, users, "", "add", name)
		require.NoError(t, err)
	}
	_, err := ask(t, users, "", "disable", "bob")
	require.NoError(t, err)
	out, err := ask(t, users, "", "list")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, []string{"NAME", "ADDED", "STATE"}, strings.Fields(lines[0]))
	require.Regexp(t, `^ada +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +active$`, lines[1])
	require.Regexp(t, `^bob +\S+ +disabled since `+time.Now().UTC().Format("2006-"), lines[2])
}

func TestWhatOperatorsGetWrong(t *testing.T) {
	t.Parallel()
	users := testbed.Store(t)
	_, err := ask(t, users, "", "add", "ada")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		args  string
		input string
		code  int
		says  string
	}{
		"nothing":           {"", "", Misused, "say what to do"},
		"unknown":           {"promote ada", "", Misused, `no "promote"`},
		"no name":           {"add", "", Misused, "the name of one user"},
		"two names":         {"disable ada eve", "", Misused, "the name of one user"},
		"name for list":     {"list ada", "", Misused, "no name"},
		"unknown flag":      {"add --password=12345678 eve", "", Misused, "takes no"},
		"flag out of place": {"disable --password-stdin ada", "", Misused, "takes no"},
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
			out, err := ask(t, users, c.input, strings.Fields(c.args)...)
			require.Error(t, err)
			require.Empty(t, out)
			require.Equal(t, c.code, code(err))
			require.Contains(t, inWords(err), c.says)
		})
	}
}

func TestADatabaseThatIsAwayIsNamed(t *testing.T) {
	t.Parallel()
	_, err := ask(t, testbed.StoreAt(t, "u:hunter2@tcp("+testbed.DeadAddress+")/d"), "", "list")
	require.Equal(t, Failed, code(err))
	require.Contains(t, inWords(err), "The database can't be reached")
	require.Contains(t, inWords(err), testbed.DeadAddress)
	require.NotContains(t, inWords(err), "hunter2")
}
