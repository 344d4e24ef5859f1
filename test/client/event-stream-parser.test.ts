// Server-Sent Events however their text is cut into pieces.
import { expect, test } from 'vitest'
import { createEventStreamParser, type ServerSentEvent } from '../../client/event-stream-parser.ts'
import { seededInteger } from '../seeded-random.ts'

const parse = (...pieces: string[]): ServerSentEvent[] => {
  const parser = createEventStreamParser(1_000)
  return pieces.flatMap((piece) => parser(piece))
}

test('events have a name, and the lines of their data', () => {
  expect(parse('event: next\nid: c1\ndata: {"a":\ndata:1}\n\n:\n\nevent: complete\ndata:\n\n')).toEqual([
    { name: 'next', data: '{"a":\n1}' },
    { name: 'complete', data: '' },
  ])
  expect(parse('data:  x\n\n')).toEqual([{ name: 'message', data: ' x' }])
})

test('what has no data, or no end, is no event', () => {
  expect(parse('event: next\n\ndata: lost')).toEqual([])
  expect(parse('data\n\n')).toEqual([{ name: 'message', data: '' }])
})

test('an event that is too long ends the stream', () => {
  expect(() => parse('data: ' + 'x'.repeat(1_001))).toThrow('too long')
  expect(() => parse(...Array.from({ length: 11 }, () => `data: ${'x'.repeat(99)}\n`))).toThrow('too long')
})

test.for([1, 2, 3, 4, 5])('pieces of any length, and any line end, give the same events (seed %s)', (seed) => {
  const below = seededInteger(seed)
  const end = ['\n', '\r\n', '\r'][below(3)] ?? '\n'
  const events = Array.from({ length: 50 }, (_, index) => ({ name: 'next', data: `{"n":${index}}` }))
  let text = events
    .map(({ name, data }) => [`event: ${name}`, `id: ${data}`, `data: ${data}`, '', ''].join(end))
    .join('')
  const pieces: string[] = []
  while (text !== '') {
    const length = below(12)
    pieces.push(text.slice(0, length))
    text = text.slice(length)
  }
  expect(parse(...pieces)).toEqual(events)
})
