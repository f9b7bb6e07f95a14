import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { everyday } from './filter'
import { mountApp } from '@/testing/mount'
import TaskFilters from './TaskFilters.vue'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

test('a search waits for a pause, and an address that lags behind does not take back what is typed meanwhile', async () => {
  const filters = await mountApp(TaskFilters, { props: { filter: everyday } })
  const input = filters.find<HTMLInputElement>('input[type=search]')
  await input.setValue('jet')
  expect(filters.emitted('change')).toBeUndefined()
  vi.advanceTimersByTime(300)
  expect(filters.emitted('change')).toEqual([[{ q: 'jet' }]])
  await input.setValue('jetty')
  await filters.setProps({ filter: { ...everyday, q: 'jet' } })
  expect(input.element.value).toBe('jetty')
  vi.advanceTimersByTime(300)
  expect(filters.emitted('change')).toEqual([[{ q: 'jet' }], [{ q: 'jetty' }]])
  await filters.setProps({ filter: everyday })
  expect(input.element.value, 'going back').toBe('')
})
