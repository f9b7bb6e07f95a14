package auth

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"snaptask/functions/internal/fault"
)

// Account is what a person registers with.
type Account struct {
	Username string
	Password string
}

// NewAccount trims the username and checks both: a username has 3 to 64 characters, none of them a control or format
// character; a password has 8 to 128 characters and no rule about which.
func NewAccount(username, password string) (Account, error) {
	a := Account{TrimUsername(username), password}
	fields := map[string]string{}
	if n := utf8.RuneCountInString(a.Username); n < 3 || n > 64 || strings.ContainsFunc(a.Username, invisible) {
		fields["username"] = "must have 3 to 64 characters"
	}
	if problem := PasswordProblem(password); problem != "" {
		fields["password"] = problem
	}
	if len(fields) > 0 {
		return Account{}, fault.InvalidFields(fields)
	}
	return a, nil
}

// invisible tells characters that nobody sees, which would let one name look like another or like none.
func invisible(c rune) bool { return unicode.In(c, unicode.Cc, unicode.Cf) }

// TrimUsername drops the white space around a username; the database then takes no two for the same that differ in it.
func TrimUsername(username string) string { return strings.TrimSpace(username) }

// PasswordProblem says what is wrong with a new password; nothing if it has 8 to 128 characters.
func PasswordProblem(password string) string {
	if n := utf8.RuneCountInString(password); n < 8 || n > maxPassword {
		return "must have 8 to 128 characters"
	}
	return ""
}
