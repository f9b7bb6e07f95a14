import { describe, expect, test } from 'vitest'
import { makeTask, recognised } from '@/testing/edge'
import { exportKinds, toCalendar, toCSV } from './export'

const now = new Date('2026-11-23T08:00:00.123Z')

describe('exported tasks', () => {
  test('are JSON as the functions return it', () => {
    const tasks = [recognised(makeTask()), makeTask({ id: 'b' })]
    expect(JSON.parse(exportKinds.json.write(tasks))).toEqual(tasks)
  })

  test('are CSV that keeps quotes, commas and lines, and runs no formulas', () => {
    const csv = toCSV([makeTask({ title: 'Say "hi", twice', body: 'One\nTwo' }), makeTask({ title: '=1+1' })])
    const [head, ...rows] = csv.split('\r\n')
    expect(head).toBe('\uFEFFid,title,body,dueDate,completed,createdAt,updatedAt,upload,labels')
    expect(rows[0]).toContain(',"Say ""hi"", twice","One\nTwo",2026-11-23,false,')
    expect(rows[1]).toContain(',\'=1+1,,')
    expect(csv.endsWith('\r\n')).toBe(true)
    expect(toCSV([recognised(makeTask())])).toContain(',true,pier; lakeside; breakwater;')
  })

  test('are a calendar of open tasks', () => {
    const lines = toCalendar([makeTask({ title: 'Paint; sand,\u0007 \\ rest', body: 'One\nTwo', dueDate: '2026-12-31' }),
      makeTask({ completed: true, title: 'Done' })], now).split('\r\n')
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
