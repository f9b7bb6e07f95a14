import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { effectScope, nextTick, shallowRef } from 'vue'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { grant, stubFetch, stubTabs } from '@/testing/edge'
import { usePictureURL, type PictureSource } from './use-picture-url'

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

const ofTask = (version: number): PictureSource => ({ taskID: 'a', version, size: 'thumb' })

describe('the URL of a picture', () => {
  test('is revoked when the next one arrives or its component is unmounted', async () => {
    stubFetch({ 'get-image': () => new Response('bytes') })
    const source = shallowRef<PictureSource | null>({ file: new File(['1'], 'a.jpg') })
    const scope = effectScope()
    const picture = scope.run(() => usePictureURL(() => source.value))
    await nextTick()
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

  test('is not created from a late response', async () => {
    const answers: ((response: Response) => void)[] = []
    stubFetch({ 'get-image': () => new Promise((resolve) => { answers.push(resolve) }) })
    const source = shallowRef<PictureSource | null>(ofTask(1))
    const scope = effectScope()
    const picture = scope.run(() => usePictureURL(() => source.value))
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
    answers[2]?.(new Response('unmounted'))
    await flushPromises()
    expect(open.size).toBe(0)
  })
})
