import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, test } from 'vitest'
import { makeTask } from '@/testing/edge'
import { useDraftsStore } from './drafts'

const task = makeTask()

beforeEach(() => { setActivePinia(createPinia()) })

describe('what has been typed', () => {
  test('counts as something to lose once it differs from what is there', () => {
    const drafts = useDraftsStore()
    drafts.edit(task)
    drafts.composed.title = ' '
    expect(drafts.any).toBe(false)
    const edit = drafts.edits.get(task.id)
    if (edit !== undefined) edit.draft.body = 'Half a page'
    expect(drafts.any).toBe(true)
    drafts.leave(task.id)?.()
    expect(drafts.edits.get(task.id)?.draft.body).toBe('Half a page')
  })

  test('of a task that is gone comes below what is in the form for a new one', () => {
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

  test('stays for the same person and goes for another', () => {
    const drafts = useDraftsStore()
    drafts.belongTo('demo')
    drafts.composed.title = 'Half a title'
    drafts.edit(task)
    const { id } = drafts.composed
    expect(drafts.belongTo('demo')).toBe(false)
    expect(drafts.composed.title).toBe('Half a title')
    expect(drafts.belongTo('other')).toBe(true)
    expect(drafts.composed).toMatchObject({ title: '', dueDate: null, photo: null })
    expect(drafts.composed.id).not.toBe(id)
    expect(drafts.edits.size).toBe(0)
  })
})
