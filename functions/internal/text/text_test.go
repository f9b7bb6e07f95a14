package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

func TestTextIsStoredInNFC(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"empty":                 {"", ""},
		"ASCII":                 {"Buy milk", "Buy milk"},
		"tab and line feed":     {"a\tb\nc", "a\tb\nc"},
		"CRLF":                  {"a\r\nb\r\n\r\n", "a\nb\n\n"},
		"composed":              {"Zürich", "Zürich"},
		"decomposed":            {"Zu\u0308rich", "Zürich"},
		"marks in any order":    {"q\u0307\u0323", "q\u0323\u0307"},
		"singleton":             {"\u212b", "Å"},
		"Hangul jamo":           {"\u1112\u1161\u11ab", "한"},
		"Devanagari":            {"\u0958", "\u0915\u093c"},
		"Thai":                  {"น้ำ", "น้ำ"},
		"Arabic":                {"\u0627\u0653", "آ"},
		"Hebrew with points":    {"שָׁלוֹם", norm.NFC.String("שָׁלוֹם")},
		"CJK compatibility":     {"\uf900", "\u8c48"},
		"half width is kept":    {"ｶﾞ", "ｶﾞ"},
		"ligatures are kept":    {"ﬁ", "ﬁ"},
		"emoji of a family":     {"👨‍👩‍👧", "👨‍👩‍👧"},
		"flag of England":       {"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"},
		"bidi controls":         {"\u202bאב\u202c\u2067x\u2069", "\u202bאב\u202c\u2067x\u2069"},
		"line separator":        {"a\u2028b\u2029c", "a\u2028b\u2029c"},
		"zero-width non-joiner": {"می\u200cخواهم", "می\u200cخواهم"},
		"private use":           {"\ue000", "\ue000"},
		"noncharacter":          {"\ufffe", "\ufffe"},
		"unassigned":            {"\u0378", "\u0378"},
		"replacement":           {"\ufffd", "\ufffd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Normalize(c.text)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestControlCharactersAreRefused(t *testing.T) {
	t.Parallel()
	refused := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		_, err := Normalize("a" + string(r) + "b")
		if r != '\t' && r != '\n' && (r < ' ' || r >= 0x7f && r <= 0x9f) {
			require.EqualError(t, err, "must not contain control characters", "%U", r)
			refused++
			continue
		}
		require.NoError(t, err, "%U", r)
	}
	require.Equal(t, 30+33, refused, "C0 without tab and line feed; DEL and C1")
	for _, text := range []string{"\r", "a\rb", "\n\r", "a\r\r\nb"} {
		_, err := Normalize(text)
		require.Error(t, err, "%q: a carriage return without a line feed", text)
	}
}

func TestInvalidUTF8IsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"byte":              "\xff",
		"cut off":           "é"[:1],
		"encoded surrogate": "\xed\xa0\x80",
		"overlong":          "\xc0\x80",
		"overlong slash":    "\xe0\x80\xaf",
		"beyond Unicode":    "\xf4\x90\x80\x80",
	} {
		_, err := Normalize(text)
		require.EqualError(t, err, "must be valid UTF-8", name)
	}
}

func TestInvisibleTextHasNothingVisible(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":              "",
		"white space":          " \t\n\u00a0\u2003\u3000\u2028",
		"zero-width space":     "\u200b",
		"byte order mark":      "\ufeff",
		"Hangul filler":        "\u3164",
		"half-width filler":    "\uffa0",
		"Hangul jamo fillers":  "\u115f\u1160",
		"Braille blank":        "\u2800",
		"combining marks":      "\u0301\u0302\u0303",
		"enclosing mark":       "\u20dd",
		"spacing mark":         "\u0903",
		"soft hyphen":          "\u00ad",
		"joiners":              "\u200c\u200d\u2060",
		"bidi controls":        "\u202a\u202e\u2066\u2069\u200e\u061c",
		"variation selectors":  "\ufe0f\U000e0100",
		"tags":                 "\U000e0020\U000e007f",
		"Mongolian separator":  "\u180e",
		"grapheme joiner":      "\u034f",
		"Khmer inherent vowel": "\u17b4\u17b5",
		"unassigned ignorable": "\u2065\ufff0\U000e0080",
		"annotation":           "\ufff9\ufffb",
		"null notehead":        "\U0001d159",
		"musical beams":        "\U0001d173\U0001d17a",
		"control characters":   "\x00\x1b\u0085",
		"several kinds":        " \u200b\u3164\u0301\u2800 ",
	} {
		require.False(t, Visible(text), name)
	}
	for _, text := range []string{
		"a", ".", "é", "e\u0301", "\u200ba", "1\ufe0f\u20e3", "👨‍👩‍👧", "❤\ufe0f", "한", "ᄒ", "ก", "क्ष", "\ue000", "\u0378", "\ufffd", "\u00b4", "⠁", "א",
	} {
		require.True(t, Visible(text), "%q", text)
	}
}

func TestEscapeShowsWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ada":                "ada",
		"Ada Lovelace":       "Ada Lovelace",
		"José":               "José",
		"Jose\u0301":         "Jose\u0301",
		"🐈":                  "🐈",
		"ada\u3164":          `ada\u3164`,
		"\u0301\u0302\u0303": `\u0301\u0302\u0303`,
		"a\u200bb":           `a\u200bb`,
		"a\u2800":            `a\u2800`,
		"a  b":               `a \u0020b`,
		" a":                 `\u0020a`,
		"a ":                 `a\u0020`,
		"a\u00a0b":           `a\u00a0b`,
		"a\tb\nc\x1b[31m":    `a\u0009b\u000ac\u001b[31m`,
		"\U000e0041":         `\U000e0041`,
		`a\u3164`:            `a\\u3164`,
		"a\xff":              `a\xff`,
		"\ufffd":             "\ufffd",
		"":                   "",
	} {
		require.Equal(t, want, Escape(text))
	}
}

func FuzzNormalize(f *testing.F) {
	for _, text := range []string{"Zu\u0308rich", "a\r\nb", "\x00", "\xff", "\u3164", "q\u0307\u0323", strings.Repeat("\u0301", 100), "\u1112\u1161\u11ab"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		normal, err := Normalize(text)
		if err != nil {
			return
		}
		if !norm.NFC.IsNormalString(normal) || strings.ContainsFunc(normal, forbidden) {
			t.Fatalf("%q is stored as %q", text, normal)
		}
		if again, err := Normalize(normal); err != nil || again != normal {
			t.Fatalf("%q becomes %q, then %q: %v", text, normal, again, err)
		}
		if Visible(text) != Visible(normal) {
			t.Fatalf("%q is visible: %t; %q: %t", text, Visible(text), normal, Visible(normal))
		}
	})
}
