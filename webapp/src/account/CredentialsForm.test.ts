import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { failure, json, loginGrant, stubFetch } from '@/testing/edge'
import { button, mountApp } from '@/testing/mount'
import { text } from '@/ui/text'
import SignInView from './SignInView.vue'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

async function refused() {
  const answer = failure(429, 'too_many_attempts', 'Wait.')
  answer.headers.set('Retry-After', '4')
  stubFetch({ login: () => answer })
  const page = await mountApp(SignInView, { signedIn: false, path: '/sign-in' })
  await page.find('input[name=username]').setValue('demo')
  await page.find('input[type=password]').setValue('demo-password')
  await page.find('form').trigger('submit')
  await flushPromises()
  return page
}

test('after too many attempts the form counts down, and then works again by itself', async () => {
  const page = await refused()
  expect(page.get('[role=alert]').text()).toBe(text.problem.codes.too_many_attempts)
  expect(page.get('[role=timer]').text()).toBe(text.problem.wait('4 seconds'))
  const calls = stubFetch({ login: () => json(loginGrant), 'get-tasks': () => json([]) })
  await vi.advanceTimersByTimeAsync(3000)
  expect(page.get('[role=timer]').text()).toBe(text.problem.wait('1 second'))
  expect(button(page, text.signIn.submit).attributes('aria-disabled')).toBe('true')
  await page.find('form').trigger('submit')
  expect(calls, 'it was sent too early').toEqual([])
  await vi.advanceTimersByTimeAsync(1000)
  expect(page.find('[role=timer]').exists()).toBe(false)
  expect(page.find('[role=alert]').exists()).toBe(false)
  expect(page.findAll('[role=status]').map((one) => one.text())).toContain(text.problem.waitIsOver)
  expect(button(page, text.signIn.submit).attributes('aria-disabled')).toBe('false')
  await page.find('form').trigger('submit')
  expect(calls).toHaveLength(1)
})

test('another user need not wait', async () => {
  const page = await refused()
  await page.find('input[name=username]').setValue('other')
  expect(button(page, text.signIn.submit).attributes('aria-disabled')).toBe('false')
  await vi.advanceTimersByTimeAsync(5000)
  expect(page.find('[role=timer]').exists()).toBe(false)
})
