import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, test } from 'vitest'
import { nextTick } from 'vue'
import { Problem } from '@/api/problem'
import { makeTask } from '@/testing/edge'
import { useDraftsStore } from './drafts'

const task = makeTask()

beforeEach(() => {
  sessionStorage.clear()
  setActivePinia(createPinia())
})

describe('unsent text', () => {
  test('would be lost once it differs from the task, and can be restored', () => {
    const drafts = useDraftsStore()
    drafts.edit(task)
    drafts.composed.title = ' '
    expect(drafts.hasAny).toBe(false)
    const edit = drafts.edits.get(task.id)
    if (edit !== undefined) edit.draft.body = 'Half a page'
    expect(drafts.hasAny).toBe(true)
    drafts.endEdit(task.id)?.()
    expect(drafts.edits.get(task.id)?.draft.body).toBe('Half a page')
  })

  test('of a deleted task is appended to the form for a new task', () => {
    const drafts = useDraftsStore()
    drafts.edit(task)
    expect(drafts.rescue(task.id), 'nothing was changed').toBe(false)
    drafts.edit(task)
    const edit = drafts.edits.get(task.id)
    if (edit !== undefined) edit.draft.body = 'Half a page'
    Object.assign(drafts.composed, { title: 'Another', body: 'Its notes' })
    expect(drafts.rescue(task.id)).toBe(true)
    expect(drafts.composed).toMatchObject({ title: 'Another', body: `Its notes\n${task.title}\nHalf a page` })
  })

  test('stays for the same user and not for another', () => {
    const drafts = useDraftsStore()
    drafts.setOwner('demo')
    drafts.composed.title = 'Half a title'
    drafts.edit(task)
    expect(drafts.setOwner('demo')).toBe(false)
    expect(drafts.composed.title).toBe('Half a title')
    expect(drafts.setOwner('other')).toBe(true)
    expect(drafts.composed).toMatchObject({ title: '', dueDate: null, photo: null })
    expect(drafts.edits.size).toBe(0)
  })

  test('comes back if it could not be sent, with its id only if it may have been created', () => {
    const drafts = useDraftsStore()
    const draft = { id: 'a', title: 'Paint the jetty', body: '', dueDate: '2026-11-23' }
    expect(drafts.giveBack({ draft, photo: null, problem: new Problem(0, 'outcome_unknown') })).toBe(true)
    expect(drafts.composed).toMatchObject(draft)
    expect(drafts.giveBack({ draft: { ...draft, id: 'b' }, photo: null, problem: new Problem(503, 'unavailable') }), 'the form is taken').toBe(false)
    expect([...drafts.unsent.keys()]).toEqual(['b'])
    expect(drafts.hasAny).toBe(true)
    drafts.composed.title = ''
    expect(drafts.composed.id, 'what is written next is another task').toBeNull()
    drafts.giveBack({ draft, photo: null, problem: new Problem(503, 'unavailable') })
    expect(drafts.composed).toMatchObject({ ...draft, id: null })
  })

  test('survives a reload of the page, for the same user, until signing out', async () => {
    const drafts = useDraftsStore()
    drafts.setOwner('demo')
    drafts.edit(task)
    const edit = drafts.edits.get(task.id)
    if (edit !== undefined) edit.draft.body = 'Half a page'
    Object.assign(drafts.composed, { title: 'Half a title', dueDate: '2026-12-24' })
    await nextTick()
    function reloaded(owner: string) {
      setActivePinia(createPinia())
      const again = useDraftsStore()
      again.setOwner(owner)
      return again
    }
    expect(reloaded('other').hasAny).toBe(false)
    const again = reloaded('demo')
    expect(again.composed).toMatchObject({ title: 'Half a title', dueDate: '2026-12-24', photo: null })
    expect(again.edits.get(task.id)).toEqual({ base: task, draft: { title: task.title, body: 'Half a page', dueDate: task.dueDate } })
    again.forgetKept()
    expect(reloaded('demo').hasAny).toBe(false)
  })
})
