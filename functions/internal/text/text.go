// Package text has the rules for text that clients send: what is accepted, and the forms in which it is stored and searched.
// It does no I/O.
package text

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var (
	errNotUTF8 = errors.New("must be valid UTF-8")
	errControl = errors.New("must not contain control characters")
)

// Normalize returns s in the form in which it is stored: in Unicode's normalization form C, with LF instead of CRLF. It
// refuses invalid UTF-8 and control characters other than tab and line feed; the error completes a sentence that begins with
// the name of the field.
func Normalize(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errNotUTF8
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if strings.ContainsFunc(s, forbidden) {
		return "", errControl
	}
	return norm.NFC.String(s), nil
}

// NFC returns s in Unicode's normalization form C.
func NFC(s string) string { return norm.NFC.String(s) }

func forbidden(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }

// Visible reports whether s has a character that can be seen. White space, control and format characters, fillers, and
// combining marks without a base can't.
func Visible(s string) bool { return strings.ContainsFunc(s, visible) }

func visible(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsMark(r) && !ignorable(r) && !blank(r)
}

// ignorable reports whether programs show nothing for r: it is a control or format character, or a code point of Unicode's
// property Default_Ignorable_Code_Point.
func ignorable(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// blank reports whether r is a symbol without ink.
func blank(r rune) bool {
	const (
		brailleBlank = '\u2800'
		nullNotehead = '\U0001d159'
	)
	return r == brailleBlank || r == nullNotehead
}

// Escape returns s with a backslash before each backslash, and with each character that can't be seen, except for single
// spaces within s, written like \u3164, so that a person can tell two names apart.
func Escape(s string) string {
	var b strings.Builder
	base := false // whether a combining mark would be seen, on the character before it
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			writeEscaped(&b, `\x`, uint32(s[i]), 2)
		case r == '\\':
			b.WriteString(`\\`)
		case visible(r), unicode.IsMark(r) && base && !ignorable(r), r == ' ' && base && i < len(s)-1:
			b.WriteRune(r)
		case r > 0xffff:
			writeEscaped(&b, `\U`, uint32(r), 8)
		default:
			writeEscaped(&b, `\u`, uint32(r), 4)
		}
		base = visible(r) || base && unicode.IsMark(r)
	}
	return b.String()
}

func writeEscaped(b *strings.Builder, prefix string, value uint32, digits int) {
	const hex = "0123456789abcdef"
	b.WriteString(prefix)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b.WriteByte(hex[value>>shift&0xf])
	}
}
