import { afterEach, expect, test, vi } from 'vitest'
import { noteServerTime, serverTime } from './clock'

afterEach(() => { vi.useRealTimers() })

test.each([
  ['right', '2026-11-28T05:00:00Z', '2026-11-28T05:00:00Z'],
  ['off by less than the way may take', '2026-11-28T05:00:50Z', '2026-11-28T05:00:50Z'],
  ['two days ahead', '2026-11-30T05:00:00Z', '2026-11-28T05:00:00Z'],
  ['years behind', '1970-01-01T00:00:00Z', '2026-11-28T05:00:00Z'],
])('a clock that is %s', (_name, here, expected) => {
  vi.useFakeTimers({ now: new Date(here) })
  noteServerTime('Sat, 28 Nov 2026 05:00:00 GMT')
  for (const unknown of [null, 'soon']) noteServerTime(unknown)
  expect(new Date(serverTime()).toISOString()).toBe(expected.replace('Z', '.000Z'))
})
