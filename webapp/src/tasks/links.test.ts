import { expect, test } from 'vitest'
import { linkParts } from './links'

const marked = (text: string) => linkParts(text).map(({ text: part, href }) => href === undefined ? part : `[${part}]`).join('')

test.each([
  ['', ''],
  ['no address: example.org', 'no address: example.org'],
  ['https://example.org', '[https://example.org]'],
  ['see http://example.org/a?b=c#d, and\nHTTPS://EXAMPLE.ORG.', 'see [http://example.org/a?b=c#d], and\n[HTTPS://EXAMPLE.ORG].'],
  ['(https://example.org/a)', '([https://example.org/a])'],
  ['https://example.org/Pier_(sea)!', '[https://example.org/Pier_(sea)]!'],
  ['(https://example.org/Pier_(sea)).', '([https://example.org/Pier_(sea)]).'],
  ['<a href="https://example.org/">', '<a href="[https://example.org/]">'],
  ['javascript:alert(1) data:text/html,x ftp://example.org mailto:a@example.org', 'javascript:alert(1) data:text/html,x ftp://example.org mailto:a@example.org'],
  ['javascript:alert("https://example.org")', 'javascript:alert("[https://example.org]")'],
  ['xhttps://example.org', 'xhttps://example.org'],
  ['https:// and https://[ and https://.', 'https:// and https://[ and https://.'],
])('addresses become links: %j', (text, expected) => {
  expect(marked(text)).toBe(expected)
  expect(linkParts(text).map((part) => part.text).join(''), 'no text is lost').toBe(text)
})

test('links go to where they say', () => {
  for (const { text, href } of linkParts('a https://example.org/b http://example.org')) if (href !== undefined) expect(href).toBe(text)
})

test.each([`https://a${')'.repeat(65_000)}`, 'https://a) '.repeat(6000), `https://${'['.repeat(65_000)}`])('the longest notes are split too', (text) => {
  expect(linkParts(text).map((part) => part.text).join('')).toBe(text)
})
