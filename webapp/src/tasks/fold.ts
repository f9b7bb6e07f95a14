/** Letters without a decomposition that a search takes for others. */
const plainLetters: Readonly<Record<string, string>> = { æ: 'ae', ð: 'd', ø: 'o', đ: 'd', ħ: 'h', ł: 'l', œ: 'oe', ß: 'ss', ŧ: 't' }

/** Marks that change a letter, but not those that remove a vowel, which are parts of the word. */
const accents = /(?![\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u0e3a\u0f84\u1039\u103a\u17d2])(?=\p{Diacritic})\p{M}|\p{Me}/gu

/** Returns a text in the form in which it is searched, as functions/internal/text does: without case, accents and width. */
export function fold(text: string): string {
  return text
    .replace(/[^]/gu, (character) => {
      const parts = character.normalize('NFKD')
      return Array.from(parts).length > 4 ? character : parts
    })
    .replace(accents, '')
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/[^]/gu, (character) => {
      const lower = character.toUpperCase().toLowerCase()
      const one = Array.from(lower).length > 1 ? character.toLowerCase() : lower
      return plainLetters[one] ?? one
    })
    .normalize('NFC')
}
