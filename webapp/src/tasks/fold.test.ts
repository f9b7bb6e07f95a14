// @vitest-environment node
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fold } from './fold'

/** The cases of the functions, but for those that JSON can't read. */
const cases = Array.from(
  readFileSync('../functions/internal/text/fold_test.go', 'utf8').matchAll(/^\t\t"([^"]*)": +\{("(?:[^"\\]|\\.)*"), ("(?:[^"\\]|\\.)*")\},$/gm),
  ([, name = '', given = '', folded = '']) => [name, given, folded] as const,
).filter(([, given]) => !given.includes('\\x'))

test('the functions have cases', () => { expect(cases.length).toBeGreaterThan(25) })

test.each(cases)('text is folded as the functions do: %s', (_name, given, folded) => {
  expect(fold(JSON.parse(given) as string)).toBe(JSON.parse(folded))
})
