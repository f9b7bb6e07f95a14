package text

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

func TestSearchedTextIsFolded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"case":                   {"Fix the PIER", "fix the pier"},
		"accents":                {"Zürich, Crème brûlée", "zurich, creme brulee"},
		"decomposed":             {"Zu\u0308rich", "zurich"},
		"several accents":        {"Việt Nam", "viet nam"},
		"strokes":                {"Łódź Đà Nẵng Ørsted Ħal", "lodz da nang orsted hal"},
		"ligatures":              {"Œuvre ﬁn Æther", "oeuvre fin aether"},
		"sharp s":                {"Straße STRASSE ẞ", "strasse strasse ss"},
		"Turkish":                {"İSTANBUL ısparta", "istanbul isparta"},
		"Greek":                  {"Καφές ΣΊΣΥΦΟΣ ᾳ", "καφεσ σισυφοσ α"},
		"Cyrillic":               {"Ёлка", "елка"},
		"Arabic harakat":         {"مُحَمَّد", "محمد"},
		"Arabic presentation":    {"ﻣﺤﻤﺪ", "محمد"},
		"Hebrew points":          {"שָׁלוֹם", "שלום"},
		"Persian non-joiner":     {"می\u200cخواهم", "میخواهم"},
		"Thai tone marks":        {"น้ำ", "นํา"},
		"Thai vowels":            {"กุ กู กิ", "กุ กู กิ"},
		"Devanagari vowel signs": {"कु की क्", "कु की क्"},
		"Devanagari nukta":       {"ज़", "ज"},
		"Hangul":                 {"한국", "한국"},
		"Hangul jamo":            {norm.NFD.String("한국"), "한국"},
		"Chinese":                {"修理码头", "修理码头"},
		"full width":             {"ＡＢＣ１２３", "abc123"},
		"half-width katakana":    {"ｶﾅ", "カナ"},
		"mathematical letters":   {"𝗙𝗶𝘅", "fix"},
		"white space":            {" a\t\r\n b\u00a0\u3000c", " a b c"},
		"soft hyphen":            {"Zür\u00adich", "zurich"},
		"zero-width space":       {"a\u200bb", "ab"},
		"emoji presentation":     {"❤\ufe0f", "❤"},
		"keycap":                 {"1\ufe0f\u20e3", "1"},
		"emoji":                  {"🐈‍⬛", "🐈⬛"},
		"control characters":     {"a\x00b", "ab"},
		"control and not ASCII":  {"é\x00b", "eb"},
		"long decomposition":     {"ﷺ", "ﷺ"},
		"only combining marks":   {"\u0301\u0302", ""},
		"only invisible":         {"\u200b\u3164", ""},
		"wildcards of LIKE":      {"100%_!É", "100%_!e"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, Fold(c.text))
		})
	}
}

func TestASCIIIsFoldedLikeOtherText(t *testing.T) {
	t.Parallel()
	for c := range rune(utf8.RuneSelf) {
		alone := "x" + string(c) + string(c) + "y"
		require.Equal(t, Fold(alone+"é"), Fold(alone)+"e", "%q", c)
	}
}

func FuzzFold(f *testing.F) {
	for _, text := range []string{"Zürich", "Zu\u0308rich", "Straße", "ﷺ", "한국", "\u1112\u1161\u11ab", "ｶﾞ", "İ", "ŉ", "\u0e38\u0e49", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		folded := Fold(text)
		if strings.ContainsAny(folded, "\n\x00") || len(folded) > 4*len(text) {
			t.Fatalf("%q is folded to %q", text, folded)
		}
		if !utf8.ValidString(text) {
			return
		}
		if again := Fold(folded); again != folded {
			t.Fatalf("%q is folded to %q, and that to %q", text, folded, again)
		}
		for _, form := range []norm.Form{norm.NFC, norm.NFD} {
			if other := Fold(form.String(text)); other != folded {
				t.Fatalf("%q is folded to %q, in another form to %q", text, folded, other)
			}
		}
	})
}

func BenchmarkFold(b *testing.B) {
	for name, text := range map[string]string{
		"ASCII": strings.Repeat("Two planks are loose. ", 3000), "Latin": strings.Repeat("Zwei Bretter müssen weg. ", 2600), "Thai": strings.Repeat("ซ่อมท่าเรือ ", 2000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Fold(text)
			}
		})
	}
}
