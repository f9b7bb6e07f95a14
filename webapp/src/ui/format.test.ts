import { expect, test } from 'vitest'
import { megabytes, percent, seconds } from './format'

test('numbers follow the locale', () => {
  expect(percent(0.2549, 'en')).toBe('25%')
  expect(percent(0.2549, 'de')).toBe('25\u00a0%')
  expect(megabytes(16 * 2 ** 20, 'en')).toBe('16 MB')
  expect([1, 40, 121].map((time) => seconds(time, 'en'))).toEqual(['1 second', '40 seconds', '3 minutes'])
  expect(seconds(2, 'de')).toBe('2 Sekunden')
})
