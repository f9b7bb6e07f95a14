import { expect, test } from 'vitest'
import { Problem } from '@/api/problem'
import { mountApp } from '@/testing/mount'
import NoticeList from './NoticeList.vue'
import { useNoticesStore } from './notices'
import { problemText } from './problem-text'
import { text } from './text'

test('notices say what happened to what, and why', async () => {
  const list = await mountApp(NoticeList)
  useNoticesStore().say('notDeleted', { title: 'Paint the jetty', problem: new Problem(0, 'network') })
  useNoticesStore().announce('recognised', { title: 'Buy coffee', labels: ['espresso', 'cup'] })
  await list.vm.$nextTick()
  expect(list.findAll('p').map((one) => one.text())).toEqual([
    `“Paint the jetty” could not be deleted. ${text.problem.codes.network}`, 'The photo of “Buy coffee” looks like: espresso, cup.',
  ])
  expect(list.findAll('.visually-hidden')).toHaveLength(1)
})

test.each([
  ['the server’s message', new Problem(400, 'invalid_fields', 'Some fields are not valid.'), 'Some fields are not valid.'],
  ['a limit of the account', new Problem(403, 'quota_exceeded', 'You can have 10,000 tasks.'), text.problem.quota('You can have 10,000 tasks.')],
  ['a write without an answer', new Problem(503, 'outcome_unknown', 'Please look.'), text.problem.codes.outcome_unknown],
  ['a proxy without an upstream', new Problem(502, 'unreadable'), text.problem.unavailable],
  ['an unexpected response', new Problem(418, 'unreadable'), text.problem.unreadable(418)],
  ['no network', new Problem(0, 'network'), text.problem.codes.network],
  ['a photo over the limit', new Problem(0, 'too_large'), text.problem.tooLarge('16 MB')],
  ['an error in the app', new Problem(0, 'unknown'), text.problem.codes.defect],
])('every problem has a text: %s', async (_name, problem, expected) => {
  await mountApp(NoticeList)
  expect(problemText(problem)).toBe(expected)
})
