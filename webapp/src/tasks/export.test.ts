import { describe, expect, test } from 'vitest'
import { makeTask, recognised } from '@/testing/edge'
import { exportKinds, toCalendar, toCSV } from './export'

const now = new Date('2026-11-23T08:00:00.123Z')

/** Reads the rows of a CSV file, as its reader has to: without the mark, the quotes and the apostrophes before formulas. */
function readBack(csv: string): string[][] {
  const rows = csv.replace(/^\uFEFF/, '').match(/(?:"(?:[^"]|"")*"[,;]?)+\r\n/g) ?? []
  return rows.map((row) => [...row.matchAll(/"((?:[^"]|"")*)"/g)].map(([, quoted = '']) =>
    quoted.replaceAll('""', '"').replace(/^'(?='*[=+\-@\t\r\n＝＋－＠])|(?<=[\r\n])'(?='*[=+\-@\t＝＋－＠])/g, '')))
}

describe('exported tasks', () => {
  test('are JSON as the functions return it', () => {
    const tasks = [recognised(makeTask()), makeTask({ id: 'b' })]
    expect(JSON.parse(exportKinds.json.write(tasks))).toEqual(tasks)
  })

  test.each([['en-GB', ','], ['de-DE', ';'], ['fr-FR', ';'], ['zh-Hans', ',']])('are CSV whose every cell is quoted, in %s split by %s', (locale, separator) => {
    const csv = toCSV([recognised(makeTask({ title: 'Say "hi", twice; then rest' }))], locale)
    const [head, row, end] = csv.split('\r\n')
    expect(head).toBe('\uFEFF' + ['id', 'title', 'body', 'dueDate', 'completed', 'createdAt', 'updatedAt', 'upload', 'labels'].map((name) => `"${name}"`).join(separator))
    expect(row).toContain(['', '"Say ""hi"", twice; then rest"', '""', '"2026-11-23"', '"false"', ''].join(separator))
    expect(row).toContain(`${separator}"true"${separator}"pier; lakeside; breakwater;`)
    expect(end).toBe('')
  })

  test.each([...'=+-@＝＋－＠', '\t', '\r', '\n'].map((start) => `${start}1+1`))('are CSV that runs no formula: %j', (title) => {
    expect(toCSV([makeTask({ title })], 'en')).toContain(`,"'${title}",`)
  })

  test.each([
    '', 'plain', '-', '=1+1', "'=1+1", "'", "''+", 'a "quote"', 'One\nTwo', 'One\n\nTwo', '- milk\n- eggs\n\n- \'tis', 'a\r\n@b', 'a\n\'＝b',
    'semi; colon, comma\ttab', '\ttab first', 'ＡＢＣ＝', 'Zürich 🦆',
  ])('are CSV that can be read back: %j', (body) => {
    for (const locale of ['en', 'de']) expect(readBack(toCSV([makeTask({ body, title: body })], locale))[1]?.slice(1, 3)).toEqual([body, body])
  })

  test('are a calendar of open tasks', () => {
    const tasks = [
      makeTask({ title: 'Paint; sand,\u0007 \\ rest', body: 'One\nTwo', dueDate: '2026-12-31' }),
      makeTask({ completed: true, title: 'Done' }),
    ]
    const lines = toCalendar(tasks.filter(exportKinds.ics.includes), now).split('\r\n')
    expect(lines).toEqual([
      'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Snaptask//Snaptask//EN', 'BEGIN:VEVENT',
      `UID:${makeTask().id}@snaptask`, 'DTSTAMP:20261123T080000Z', 'DTSTART;VALUE=DATE:20261231',
      'SUMMARY:Paint\\; sand\\, \\\\ rest', 'DESCRIPTION:One\\nTwo', 'TRANSP:TRANSPARENT', 'END:VEVENT', 'END:VCALENDAR', '',
    ])
  })

  test('fold long calendar lines without cutting characters', () => {
    const title = '🦆é'.repeat(40)
    const text = toCalendar([makeTask({ title })], now)
    for (const line of text.split('\r\n')) expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75)
    expect(text.replaceAll('\r\n ', '')).toContain(`SUMMARY:${title}\r\n`)
  })
})
