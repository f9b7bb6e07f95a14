import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { json, makeTask, stubFetch } from '@/testing/edge'
import { button, mountApp } from '@/testing/mount'
import { save } from '@/ui/save'
import { text } from '@/ui/text'
import TaskExport from './TaskExport.vue'

vi.mock('@/ui/save')

test('an export without tasks says so and saves no file', async () => {
  const { json: asJSON, ics } = text.account.exports
  stubFetch({ 'get-tasks': () => json([makeTask({ completed: true })]) })
  const page = await mountApp(TaskExport)
  await button(page, ics).trigger('click')
  await flushPromises()
  expect(page.get('[role=status]').text()).toBe(text.account.nothingToExport)
  expect(save).not.toHaveBeenCalled()
  await button(page, asJSON).trigger('click')
  await flushPromises()
  expect(page.get('[role=status]').text()).toBe('')
  expect(save).toHaveBeenCalledOnce()
})
