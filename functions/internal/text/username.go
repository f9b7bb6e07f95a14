package text

import (
	"errors"
	"strings"

	"golang.org/x/text/secure/precis"
)

// ErrUsername is the error of Username. It completes a sentence that begins with the name of the field.
var ErrUsername = errors.New("must consist of letters, digits, ASCII signs, and single spaces between them")

// Username returns a new username in the form in which it is stored. It consists of parts separated by single spaces, each of
// which conforms to the profile UsernameCasePreserved of RFC 8265. That excludes all characters that can't be seen.
func Username(s string) (string, error) {
	if strings.ContainsAny(s, unweighted) {
		return "", ErrUsername
	}
	parts := strings.Split(s, " ")
	for i, part := range parts {
		var err error
		if parts[i], err = precis.UsernameCasePreserved.String(part); err != nil || !Visible(part) {
			return "", ErrUsername
		}
	}
	return strings.Join(parts, " "), nil
}

// unweighted are the letters that the profile allows but that have no weight in the collation of users.username. In the
// database, a name of only these letters is equal to an empty one.
const unweighted = "\u0824\u0828\u1cf2\ufe73"
