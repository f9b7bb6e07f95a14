import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { Turns } from './turns'

const never = new AbortController().signal

test('no more works run at a time than the limit, in their order, and a failed one makes room', async () => {
  const turns = new Turns(2)
  const begun: number[] = []
  const end: ((problem?: Error) => void)[] = []
  const results = [0, 1, 2, 3].map((index) => turns.run(never, () => {
    begun.push(index)
    return new Promise<number>((resolve, reject) => { end[index] = (problem) => { if (problem) reject(problem); else resolve(index) } })
  }))
  await flushPromises()
  expect(begun).toEqual([0, 1])
  end[1]?.(new Error('broken'))
  await expect(results[1]).rejects.toThrow('broken')
  await flushPromises()
  expect(begun).toEqual([0, 1, 2])
  end[0]?.()
  await flushPromises()
  end[2]?.()
  end[3]?.()
  expect(await Promise.all([results[0], results[2], results[3]])).toEqual([0, 2, 3])
})

test('a work that is aborted before its turn never begins and takes no turn', async () => {
  const turns = new Turns(1)
  let end: () => void = () => undefined
  const first = turns.run(never, () => new Promise<void>((resolve) => { end = resolve }))
  const controller = new AbortController()
  const begun: string[] = []
  const aborted = turns.run(controller.signal, () => Promise.resolve(begun.push('aborted')))
  const last = turns.run(never, () => Promise.resolve(begun.push('last')))
  controller.abort()
  await expect(aborted).rejects.toThrow('abort')
  await expect(turns.run(controller.signal, () => Promise.resolve(begun.push('late')))).rejects.toThrow('abort')
  end()
  await Promise.all([first, last])
  expect(begun).toEqual(['last'])
})
