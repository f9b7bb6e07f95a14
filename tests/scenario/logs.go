package scenario

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// passwords are all that the story's people and the browser use, right and wrong ones.
var passwords = []string{"demo-password", "wrong-password", "not the password"}

// revealing are texts that no log may hold, whoever's they are.
var revealing = map[string]*regexp.Regexp{
	"a token":         regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]{8,}`),
	"an authority":    regexp.MustCompile(`(?i)(bearer|basic) [\w+/=.-]{8,}`),
	"a signature":     regexp.MustCompile(`(?i)(X-Amz-Signature|Signature)=[0-9a-f]{16,}`),
	"a password hash": regexp.MustCompile(`\$argon2id\$`),
	"a DSN":           regexp.MustCompile(`:[^\s:@]+@tcp\(`),
	"a private key":   regexp.MustCompile(`PRIVATE KEY`),
	"picture bytes":   regexp.MustCompile(`(\\u00..|\W)(JFIF|Exif|IHDR)(\\u00|\W)|\\xff\\xd8|\\ufffd\\ufffd|/9j/4|iVBORw0KGgo|ffd8ffe`),
}

// Reveals says what of the secrets, and of what is revealing by itself, stands in a log.
func Reveals(log string, secrets []string) (found []string) {
	if !utf8.ValidString(log) {
		found = append(found, "bytes that are no text")
	}
	for what, pattern := range revealing {
		if pattern.MatchString(log) {
			found = append(found, what)
		}
	}
	for _, secret := range slices.Concat(secrets, passwords) {
		for _, written := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))} {
			if strings.Contains(log, written) {
				found = append(found, "the secret "+secret)
			}
		}
	}
	slices.Sort(found)
	return found
}
