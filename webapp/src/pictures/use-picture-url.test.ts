import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { effectScope, shallowRef } from 'vue'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { grant, stubFetch, stubTabs } from '@/testing/edge'
import { usePictureUrl, type PictureSource } from './use-picture-url'

const open = new Set<string>()
let made = 0

beforeEach(() => {
  stubTabs()
  localStorage.setItem('snaptask.session', JSON.stringify(grant))
  setActivePinia(createPinia())
  open.clear()
  vi.spyOn(URL, 'createObjectURL').mockImplementation(() => {
    const url = `blob:${String(made += 1)}`
    open.add(url)
    return url
  })
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation((url) => { open.delete(url) })
})

const ofTask = (version: number): PictureSource => ({ kind: 'task', taskId: 'a', version, size: 'thumb' })

describe('the address of a picture', () => {
  test('is one at a time, and none outlives what shows it', async () => {
    stubFetch({ 'get-image': () => new Response('bytes') })
    const source = shallowRef<PictureSource | null>({ kind: 'file', file: new File(['1'], 'a.jpg') })
    const scope = effectScope()
    const picture = scope.run(() => usePictureUrl(() => source.value))
    expect([...open]).toEqual([picture?.url.value])
    source.value = ofTask(1)
    await flushPromises()
    expect([...open]).toEqual([picture?.url.value])
    source.value = { ...ofTask(1) }
    await flushPromises()
    source.value = ofTask(2)
    await flushPromises()
    expect([...open]).toEqual([picture?.url.value])
    scope.stop()
    expect(open.size).toBe(0)
  })

  test('is not made of an answer that comes too late', async () => {
    const answers: ((response: Response) => void)[] = []
    stubFetch({ 'get-image': () => new Promise((resolve) => { answers.push(resolve) }) })
    const source = shallowRef<PictureSource | null>(ofTask(1))
    const scope = effectScope()
    const picture = scope.run(() => usePictureUrl(() => source.value))
    source.value = ofTask(2)
    await flushPromises()
    answers[1]?.(new Response('new'))
    await flushPromises()
    const shown = picture?.url.value
    answers[0]?.(new Response('old'))
    await flushPromises()
    expect(picture?.url.value).toBe(shown)
    source.value = ofTask(3)
    await flushPromises()
    scope.stop()
    answers[2]?.(new Response('nobody looks'))
    await flushPromises()
    expect(open.size).toBe(0)
  })
})
