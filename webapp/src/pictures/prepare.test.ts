import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { appConfig } from '@/testing/edge'
import { text } from '@/ui/text'
import { fit, prepare } from './prepare'

const starts = {
  jpeg: [0xff, 0xd8, 0xff, 0xe0],
  png: [0x89, 0x50, 0x4e, 0x47],
  webp: [...'RIFF1234WEBP'].map((letter) => letter.charCodeAt(0)),
  heic: [...'\0\0\0\x18ftypheic'].map((letter) => letter.charCodeAt(0)),
}
const fileOf = (kind: keyof typeof starts, size = 100, type = `image/${kind}`) =>
  new File([new Uint8Array([...starts[kind], ...new Array<number>(size - starts[kind].length).fill(0)])], `photo.${kind}`, { type })

/** Makes the browser decode files of this size, or none, and draw canvases as JPEG of 1000 bytes. Returns the sizes drawn. */
function browser(width: number, height: number | null): [number, number][] {
  const drawn: [number, number][] = []
  vi.stubGlobal('createImageBitmap', () =>
    height === null ? Promise.reject(new DOMException('', 'InvalidStateError')) : Promise.resolve({ width, height, close: () => undefined }))
  vi.stubGlobal('OffscreenCanvas', class {
    constructor(width: number, height: number) { drawn.push([width, height]) }
    getContext() { return { fillRect: () => undefined, drawImage: () => undefined } }
    convertToBlob() { return Promise.resolve(new Blob([new Uint8Array(1000)], { type: 'image/jpeg' })) }
  })
  return drawn
}

const send = (file: File) => prepare(file, appConfig.limits.pictureTypes, new AbortController().signal)

afterEach(() => { vi.unstubAllGlobals() })

describe('a photo', () => {
  test.each([
    ['small', fileOf('jpeg'), 1000, 1000],
    ['as large as what is kept', fileOf('webp'), 2048, 2048],
    ['a large screenshot in a small file', fileOf('png', 3000), 790, 36_861],
  ])('that is %s is sent as it is', async (_name, file, width, height) => {
    browser(width, height)
    expect(await send(file)).toBe(file)
  })

  test('that is small is sent with the type of its bytes, whatever its name says', async () => {
    browser(1000, 1000)
    const sent = await send(fileOf('jpeg', 100, 'image/heic'))
    expect([sent.name, sent.type, sent.size]).toEqual(['photo.jpeg', 'image/jpeg', 100])
  })

  test.each([
    ['a camera’s', fileOf('jpeg', 5000), 4000, 3000, [2364, 1773]],
    ['a long one', fileOf('jpeg', 5000), 790, 36_861, [512, 23_889]],
    ['a graphic in a large file', fileOf('png', 5 * 2 ** 20), 1000, 1000, [1000, 1000]],
    ['a large photo in a small file', fileOf('jpeg', 5000), 2049, 2048, [2048, 2047]],
  ])('of %s is sent smaller', async (_name, file, width, height, size) => {
    const drawn = browser(width, height)
    const sent = await send(file)
    expect(sent.type).toBe('image/jpeg')
    expect(drawn).toEqual([size])
  })

  test('that grows when it is drawn again is sent as it is', async () => {
    browser(4000, 3000)
    const file = fileOf('jpeg', 900)
    expect(await send(file)).toBe(file)
  })

  test.each(['image/heic', '', 'image/jpeg'])('in a format of the browser’s is sent as JPEG, even if its type is %j and it grows', async (type) => {
    browser(100, 100)
    const sent = await send(fileOf('heic', 100, type))
    expect([sent.name, sent.type, sent.size]).toEqual(['photo.jpg', 'image/jpeg', 1000])
  })

  test('that the browser can’t decode is for the server to judge if it may be one of its types', async () => {
    browser(0, null)
    for (const file of [fileOf('jpeg'), fileOf('heic', 100, ''), fileOf('heic', 100, 'image/jpeg')]) expect(await send(file)).toBe(file)
    await expect(send(fileOf('heic'))).rejects.toMatchObject({ code: 'wrong_type' })
  })
})

test('sizes are those of functions/internal/picture', () => {
  expect(fit(1, 1)).toEqual([1, 1])
  expect(fit(100_000, 100)).toEqual([100_000, 100])
  expect(fit(100_000, 400)[0] * fit(100_000, 400)[1]).toBeLessThanOrEqual(12_500_000)
})

test('the words for other formats are the server’s', () => {
  const source = readFileSync('../functions/internal/picture/format.go', 'utf8')
  const formats = /const Formats = "([^"]*)"/.exec(source)?.[1] ?? 'not found'
  expect(source).toContain('"Only " + Formats + " photos are accepted."')
  expect(text.problem.codes.wrong_type).toBe(`Only ${formats} photos are accepted.`)
})
