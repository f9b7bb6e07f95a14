package auth

import (
	"errors"
	"strings"
	"unicode/utf8"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/text"
)

// Credentials are a username and a password as a client sends them.
type Credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Validate returns the credentials of a new account in the form in which they are stored. A username has 3 to 64 characters
// after trimming and conforms to text.Username; for passwords see NewPassword. The fault names each wrong field.
func (c Credentials) Validate() (Credentials, error) {
	fields := map[string]string{}
	username, err := text.Normalize(c.Username)
	if err == nil {
		username, err = newUsername(strings.TrimSpace(username))
	}
	if err != nil {
		fields["username"] = err.Error()
	}
	password, err := newPassword(c.Password)
	if err != nil {
		fields["password"] = err.Error()
	}
	if len(fields) > 0 {
		return Credentials{}, fault.InvalidFields(fields)
	}
	return Credentials{username, password}, nil
}

func newUsername(trimmed string) (string, error) {
	if n := utf8.RuneCountInString(trimmed); n < 3 || n > 64 {
		return "", errors.New("must have 3 to 64 characters")
	}
	return text.Username(trimmed)
}

// TrimUsername returns the name of an existing account as a person types it, in NFC and without the white space around it. It
// checks no rule: accounts from before a rule keep their names.
func TrimUsername(username string) string { return text.NFC(strings.TrimSpace(username)) }

// NewPassword returns a new password in the form in which it is hashed: 8 to 128 characters after text.Normalize, which refuses
// control characters other than tab and line feed. The fault names the field.
func NewPassword(field, sent string) (string, error) {
	password, err := newPassword(sent)
	if err != nil {
		return "", fault.InvalidField(field, err.Error())
	}
	return password, nil
}

func newPassword(sent string) (string, error) {
	password, err := text.Normalize(sent)
	if n := utf8.RuneCountInString(password); err == nil && (n < 8 || n > maxPassword) {
		err = errors.New("must have 8 to 128 characters")
	}
	return password, err
}
