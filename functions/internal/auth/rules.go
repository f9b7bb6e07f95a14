package auth

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"snaptask/functions/internal/fault"
)

// Credentials are a username and a password as a client sends them.
type Credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Validate returns the credentials of a new account with the username trimmed. A username has 3 to 64 characters, none of
// them a control or format character; a password has 8 to 128 characters of any kind. The fault names each wrong field.
func (a Credentials) Validate() (Credentials, error) {
	a.Username = TrimUsername(a.Username)
	fields := map[string]string{}
	if n := utf8.RuneCountInString(a.Username); n < 3 || n > 64 || strings.ContainsFunc(a.Username, invisible) {
		fields["username"] = "must have 3 to 64 characters"
	}
	if problem := PasswordProblem(a.Password); problem != "" {
		fields["password"] = problem
	}
	if len(fields) > 0 {
		return Credentials{}, fault.InvalidFields(fields)
	}
	return a, nil
}

// invisible reports whether a character is invisible: it could make one name look like another.
func invisible(c rune) bool { return unicode.In(c, unicode.Cc, unicode.Cf) }

// TrimUsername removes the white space around a username.
func TrimUsername(username string) string { return strings.TrimSpace(username) }

// CheckNewPassword returns nil if a new password has 8 to 128 characters, else the fault of the field newPassword.
func CheckNewPassword(password string) error {
	if problem := PasswordProblem(password); problem != "" {
		return fault.InvalidField("newPassword", problem)
	}
	return nil
}

// PasswordProblem returns what is wrong with a new password, or "" if it has 8 to 128 characters.
func PasswordProblem(password string) string {
	if n := utf8.RuneCountInString(password); n < 8 || n > maxPassword {
		return "must have 8 to 128 characters"
	}
	return ""
}
