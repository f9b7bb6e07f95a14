import { expect, test } from 'vitest'
import { appConfig } from '@/testing/edge'
import { wayOf } from './ways'

const mebibyte = 2 ** 20
const photoOf = (size: number, type = 'image/jpeg') => new File([new Uint8Array(size)], 'photo', { type })

test.each([
  ['both', mebibyte - 1, 'image/jpeg', false, 'direct'],
  ['both', mebibyte, 'image/jpeg', false, 'event'],
  ['both', 1, 'image/webp', true, 'event'],
  ['both', mebibyte, 'image/heic', true, 'direct'],
  ['direct', mebibyte, 'image/jpeg', true, 'direct'],
  ['event', 1, 'image/png', false, 'event'],
  ['event', 1, '', false, 'direct'],
] as const)('with the setting %s, a photo of %i bytes and type %j, one of several: %s, goes %s', (uploads, size, type, isOneOfSeveral, way) => {
  expect(wayOf(photoOf(size, type), isOneOfSeveral, { ...appConfig, uploads })).toBe(way)
})
