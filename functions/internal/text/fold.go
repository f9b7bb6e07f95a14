package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s in the form in which it is searched. Texts that differ only in case, accents, width, normalization or
// invisible characters have the same one. Each run of white space is one space, so a folded text has no line feed.
func Fold(s string) string {
	var f folder
	f.Grow(len(s))
	for i, r := range s {
		if r < utf8.RuneSelf {
			f.addASCII(byte(r))
			continue
		}
		parts := decomposition(s[i:])
		if parts == nil {
			f.add(r, norm.NFKD.PropertiesString(s[i:]).CCC())
		}
		for len(parts) > 0 {
			part, size := utf8.DecodeRune(parts)
			f.add(part, norm.NFKD.Properties(parts).CCC())
			parts = parts[size:]
		}
	}
	return norm.NFC.String(f.String())
}

// decomposition returns the full decomposition by compatibility (NFKD) of the first character of s, or nil if it has none. A
// character that decomposes into more than 4 (U+FDFA: 18) is not decomposed; no canonical decomposition is longer than 4.
func decomposition(s string) []byte {
	parts := norm.NFKD.PropertiesString(s).Decomposition()
	if utf8.RuneCount(parts) > 4 {
		return nil
	}
	return parts
}

// folder collects decomposed characters in lower case and without accents.
type folder struct {
	strings.Builder
	space bool // the last one is white space
}

func (f *folder) addASCII(c byte) {
	switch {
	case c == ' ' || c >= '\t' && c <= '\r':
		f.addSpace()
		return
	case c < ' ' || c == 0x7f:
		return
	case c >= 'A' && c <= 'Z':
		c += 'a' - 'A'
	}
	f.space = false
	f.WriteByte(c)
}

func (f *folder) addSpace() {
	if !f.space {
		f.WriteByte(' ')
	}
	f.space = true
}

// add adds a character with this canonical combining class.
func (f *folder) add(r rune, class uint8) {
	switch {
	case r < utf8.RuneSelf:
		f.addASCII(byte(r))
	case unicode.IsSpace(r):
		f.addSpace()
	case accent(class), unicode.Is(unicode.Me, r), ignorable(r):
	default:
		f.space = false
		r = unicode.ToLower(unicode.ToUpper(r)) // some letters have two lower-case forms, such as σ and ς
		if plain, ok := plainLetters[r]; ok {
			f.WriteString(plain)
		} else {
			f.WriteRune(r)
		}
	}
}

// accent reports whether a combining mark of this class is an accent, which a search ignores. Vowel signs, and signs that remove
// a vowel, are parts of the word.
func accent(class uint8) bool {
	switch class {
	case 0, // not reordered, such as most vowel signs
		9,      // viramas
		84, 91, // Telugu length marks
		103,           // Thai sara u and uu
		118,           // Lao signs u and uu
		129, 130, 132: // Tibetan vowel signs
		return false
	}
	return true
}

// plainLetters has letters with a stroke, and ligatures, that have no decomposition. Except for ŧ (Sami), Unicode's
// collation algorithm does the same.
var plainLetters = map[rune]string{'æ': "ae", 'ð': "d", 'ø': "o", 'đ': "d", 'ħ': "h", 'ł': "l", 'œ': "oe", 'ß': "ss", 'ŧ': "t"}
