// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { text } from './text'

const functions = '../functions/internal'

/** The codes of the faults that a package makes. */
function codesIn(folder: string): string[] {
  const sources = readdirSync(`${functions}/${folder}`).filter((name) => /(?<!_test)\.go$/.test(name))
  return sources.flatMap((name) => [...readFileSync(`${functions}/${folder}/${name}`, 'utf8').matchAll(/fault\.New\([^"]*"(\w+)"/g)].map(([, code]) => code ?? ''))
}

test('each code that an upload can end with has a text', () => {
  const codes = codesIn('picture')
  expect(codes).toContain('picture_broken')
  for (const code of [...codes, 'quota_exceeded', 'upload_expired']) expect(Object.keys(text.photo.uploadErrors)).toContain(code)
})
