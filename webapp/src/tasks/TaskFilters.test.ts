import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defaultFilter } from './filter'
import { mountApp } from '@/testing/mount'
import TaskFilters from './TaskFilters.vue'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

test('a search waits for a pause in typing, and an outdated address does not replace newer text', async () => {
  const filters = await mountApp(TaskFilters, { props: { filter: defaultFilter } })
  const input = filters.find<HTMLInputElement>('input[type=search]')
  await input.setValue('jet')
  expect(filters.emitted('change')).toBeUndefined()
  vi.advanceTimersByTime(300)
  expect(filters.emitted('change')).toEqual([[{ q: 'jet' }]])
  await input.setValue('jetty')
  await filters.setProps({ filter: { ...defaultFilter, q: 'jet' } })
  expect(input.element.value).toBe('jetty')
  vi.advanceTimersByTime(300)
  expect(filters.emitted('change')).toEqual([[{ q: 'jet' }], [{ q: 'jetty' }]])
  await filters.setProps({ filter: defaultFilter })
  expect(input.element.value, 'going back').toBe('')
})
