package scenario

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// passwords are those that tests and the browser send, right and wrong ones.
var passwords = []string{Password, "wrong-password", "not the password"}

// revealing are patterns that must not match in any log.
var revealing = map[string]*regexp.Regexp{
	"a token":         regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]{8,}`),
	"credentials":     regexp.MustCompile(`(?i)(bearer|basic) [\w+/=.-]{8,}`),
	"a signature":     regexp.MustCompile(`(?i)(X-Amz-Signature|Signature)=[0-9a-f]{16,}`),
	"a password hash": regexp.MustCompile(`\$argon2id\$`),
	"a DSN":           regexp.MustCompile(`:[^\s:@]+@tcp\(`),
	"a private key":   regexp.MustCompile(`PRIVATE KEY`),
	"image bytes":     regexp.MustCompile(`(\\u00..|\W)(JFIF|Exif|IHDR)(\\u00|\W)|\\xff\\xd8|\\ufffd\\ufffd|/9j/4|iVBORw0KGgo|ffd8ffe`),
}

// Reveals returns the forbidden strings in a log: any of the secrets, and every match of revealing.
func Reveals(log string, secrets []string) (found []string) {
	if !utf8.ValidString(log) {
		found = append(found, "bytes that are not text")
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

// SecretLines returns the lines of a secret except those that only delimit a key.
func SecretLines(secret string) (lines []string) {
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "-----") {
			lines = append(lines, line)
		}
	}
	return lines
}
