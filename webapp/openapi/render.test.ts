import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Contract } from './document.ts'
import { follow } from './document.ts'
import { html, inline, prose } from './html.ts'
import { render } from './render.ts'

let contract: Contract
let page: Document
let text: string

beforeAll(() => {
  contract = parse(readFileSync('../functions/openapi.yaml', 'utf8')) as Contract
  text = render(contract, { style: '/assets/api.css', icon: '/assets/icon.svg' })
  // Without its style sheet, which the parser would want to fetch.
  page = new DOMParser().parseFromString(text.replace(/<link rel="stylesheet"[^>]*>/, ''), 'text/html')
})

describe('the page of the contract', () => {
  test('shows every operation with its parameters and responses', () => {
    const operations = Object.entries(contract.paths).flatMap(([path, item]) => Object.values(item).map((o) => ({ path, o })))
    expect(operations.length).toBeGreaterThan(0)
    for (const { path, o } of operations) {
      const section = page.getElementById(o.operationId)
      expect(section?.textContent).toContain(path)
      const terms = [...section?.querySelectorAll('dt') ?? []].map((dt) => dt.textContent.split(' ')[0])
      expect(terms).toEqual([...(o.parameters ?? []).map((p) => follow(contract, p).name), ...Object.keys(o.responses)])
    }
  })

  test('shows every schema with its fields', () => {
    for (const [name, schema] of Object.entries(contract.components.schemas)) {
      expect(page.getElementById(name)?.tagName).toBe('H3')
      for (const field of Object.keys(schema.properties ?? {})) expect(text).toContain(`<code>${field}</code>`)
    }
  })

  test('has no broken links', () => {
    const links = [...page.querySelectorAll('a')].map((a) => a.getAttribute('href') ?? '')
    expect(links).toContain('/openapi.yaml')
    for (const link of links.filter((l) => l.startsWith('#'))) expect(page.getElementById(link.slice(1)), link).not.toBeNull()
    const ids = [...page.querySelectorAll('[id]')].map((e) => e.id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('has nothing that the Content Security Policy refuses', () => {
    expect(page.querySelectorAll('script, style, [style]')).toHaveLength(0)
    expect([...page.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()).filter((name) => name.startsWith('on'))).toEqual([])
    expect([...text.matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href]) => href)).toEqual(['/assets/icon.svg', '/assets/api.css'])
  })
})

describe('html', () => {
  test('escapes values', () => {
    expect(html`<p title="${'"'}">${'<b> & \''}${3}${html`<i>x</i>`}${['a', html`<br>`]}</p>`.text)
      .toBe('<p title="&quot;">&lt;b&gt; &amp; &#39;3<i>x</i>a<br></p>')
  })

  test('converts the Markdown of the contract', () => {
    expect(html`${prose('One\nline.\n\n- **a** `b`\n  c\n- <d>')}`.text)
      .toBe('<p>One line.</p>\n<ul><li><strong>a</strong> <code>b</code> c</li><li>&lt;d&gt;</li></ul>\n')
    expect(html`${inline('a * b `<c>`')}`.text).toBe('a * b <code>&lt;c&gt;</code>')
  })
})

test('an unknown reference stops the build', () => {
  expect(() => follow(contract, { $ref: '#/components/schemas/None' })).toThrow('does not exist')
})
