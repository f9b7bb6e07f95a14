package auth

import (
	"strings"
	"testing"

	"snaptask/functions/internal/fault"

	"github.com/stretchr/testify/require"
)

func TestValidCredentialsAreAccepted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ username, password, want string }{
		"usual":                         {"ada", "correct horse", "ada"},
		"username trimmed":              {" \tada\u00a0\r\n", "correct horse", "ada"},
		"64 characters of 4 bytes":      {strings.Repeat("𐐷", 64), "correct horse", strings.Repeat("𐐷", 64)},
		"decomposed, full width":        {"ａda\u0301", "correct horse", "adá"},
		"64 after trimming":             {"   " + strings.Repeat("x", 64) + "   ", "correct horse", strings.Repeat("x", 64)},
		"white space within":            {"ada lovelace", "correct horse", "ada lovelace"},
		"case is kept":                  {"Ada", "correct horse", "Ada"},
		"password of 8 characters":      {"ada", "🐈🐈🐈🐈🐈🐈🐈🐈", "ada"},
		"password of 128 characters":    {"ada", strings.Repeat("é", 128), "ada"},
		"password of white space":       {"ada", "        ", "ada"},
		"password of one kind of digit": {"ada", "11111111", "ada"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := Credentials{c.username, c.password}.Validate()
			require.NoError(t, err)
			require.Equal(t, Credentials{c.want, c.password}, a, "a password is never trimmed")
		})
	}
}

func TestInvalidCredentialsNameTheField(t *testing.T) {
	t.Parallel()
	username := map[string]string{"username": "must have 3 to 64 characters"}
	other := map[string]string{"username": "must consist of letters, digits, ASCII signs, and single spaces between them"}
	control := map[string]string{"username": "must not contain control characters"}
	password := map[string]string{"password": "must have 8 to 128 characters"}
	for name, c := range map[string]struct {
		username, password string
		fields             map[string]string
	}{
		"no username":                 {"", "correct horse", username},
		"username of 2 characters":    {"éé", "correct horse", username},
		"2 characters after trimming": {"  ab  ", "correct horse", username},
		"username of 65 characters":   {strings.Repeat("x", 65), "correct horse", username},
		"username with a NUL":         {"ada\x00", "correct horse", control},
		"username with a line break":  {"ada\nlovelace", "correct horse", other},
		"username with C1 control":    {"ada\u0085lovelace", "correct horse", control},
		"username with an emoji":      {"ada🐈", "correct horse", other},
		"username with a filler":      {"ada\u3164", "correct horse", other},
		"username of combining marks": {"\u0301\u0302\u0303", "correct horse", other},
		"username with two spaces":    {"ada  lovelace", "correct horse", other},
		"password with a NUL":         {"ada", "correct\x00horse", map[string]string{"password": "must not contain control characters"}},
		"no password":                 {"ada", "", password},
		"password of 7 characters":    {"ada", "🐈🐈🐈🐈🐈🐈🐈", password},
		"password of 129 characters":  {"ada", strings.Repeat("x", 129), password},
		"both": {"", "", map[string]string{
			"username": username["username"], "password": password["password"],
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := Credentials{c.username, c.password}.Validate()
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, fault.Invalid, f.Kind)
			require.Equal(t, c.fields, f.Fields)
			require.Zero(t, a)
		})
	}
}

func TestNewPasswordsAreNormalized(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"pa\u0308sswort":               "pässwort",
		strings.Repeat("e\u0301", 128): strings.Repeat("é", 128),
		"tab\tand\nline":               "tab\tand\nline",
	} {
		password, err := NewPassword("newPassword", sent)
		require.NoError(t, err)
		require.Equal(t, want, password)
	}
	_, err := NewPassword("newPassword", strings.Repeat("e\u0301", 7))
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, map[string]string{"newPassword": "must have 8 to 128 characters"}, f.Fields)
}
