package text

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUsernamesConformToTheProfile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"usual":            {"ada", "ada"},
		"case is kept":     {"Ada", "Ada"},
		"two parts":        {"Ada Lovelace", "Ada Lovelace"},
		"digits and signs": {"ada.lovelace+1815@example.org", "ada.lovelace+1815@example.org"},
		"ASCII signs":      {"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
		"accent":           {"José", "José"},
		"decomposed":       {"Jose\u0301", "José"},
		"full width":       {"ａｄａ", "ada"},
		"Greek":            {"Σοφία", "Σοφία"},
		"Cyrillic":         {"Андрей", "Андрей"},
		"Hebrew":           {"שלום", "שלום"},
		"Arabic":           {"محمد", "محمد"},
		"Devanagari":       {"क्षमा", "क्षमा"},
		"Thai":             {"สมชาย", "สมชาย"},
		"Hangul":           {"한국인", "한국인"},
		"Hangul jamo":      {"\u1112\u1161\u11ab국인", "한국인"},
		"Japanese":         {"さくら子", "さくら子"},
		"half-width kana":  {"ｶﾅ", "カナ"},
		"Chinese":          {"李小龙", "李小龙"},
		"4 bytes":          {"𐐷𐐷𐐷", "𐐷𐐷𐐷"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Username(c.text)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestOtherUsernamesAreRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":                "",
		"a space":                " ",
		"a space before":         " ada",
		"a space after":          "ada ",
		"two spaces":             "ada  lovelace",
		"no-break space":         "ada\u00a0lovelace",
		"ideographic space":      "ada\u3000lovelace",
		"tab":                    "ada\tlovelace",
		"NUL":                    "ada\x00",
		"DEL":                    "ada\x7f",
		"C1":                     "ada\u0085",
		"Hangul filler":          "ada\u3164",
		"half-width filler":      "ada\uffa0",
		"Braille blank":          "ada\u2800",
		"zero-width space":       "a\u200bda",
		"zero-width joiner":      "a\u200dda",
		"soft hyphen":            "a\u00adda",
		"byte order mark":        "\ufeffada",
		"bidi override":          "\u202eada",
		"bidi isolate":           "\u2066ada\u2069",
		"variation selector":     "ada\ufe0f",
		"tag":                    "ada\U000e0041",
		"combining marks":        "\u0301\u0302\u0303",
		"a part of marks":        "ada \u0301\u0302",
		"emoji":                  "🐈🐈🐈",
		"ligature":               "ﬁn",
		"mathematical letters":   "𝗮𝗱𝗮",
		"circled letters":        "ⓐⓓⓐ",
		"superscript":            "ada²",
		"private use":            "ada\ue000",
		"noncharacter":           "ada\ufffe",
		"unassigned":             "ada\u0378",
		"replacement":            "ada\ufffd",
		"invalid UTF-8":          "ada\xff",
		"left to right in right": "שלוםada",
		"letters without weight": "\u1cf2\u1cf2\u1cf2",
		"line separator":         "ada\u2028",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Username(text)
			require.ErrorIs(t, err, ErrUsername)
			require.Empty(t, got)
		})
	}
}

func FuzzUsername(f *testing.F) {
	for _, text := range []string{"ada", "Ada Lovelace", "ａｄａ", "Jose\u0301", "ada\u3164", "שלום", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := Username(text)
		if err != nil {
			return
		}
		if again, err := Username(name); err != nil || again != name {
			t.Fatalf("%q becomes %q, then %q: %v", text, name, again, err)
		}
		if normal, err := Normalize(name); err != nil || normal != name || !Visible(name) || Escape(name) != name && !strings.Contains(name, `\`) {
			t.Fatalf("%q becomes %q, which is not visible text in NFC", text, name)
		}
	})
}
