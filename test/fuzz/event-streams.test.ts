// The two readers of event streams, the gateway's for its subgraphs and the client's for the gateway, against a reader that has all of the
// text at once; and what a server cannot do to them.
import { expect, test } from 'vitest'
import { createEventStreamParser } from '../../client/event-stream-parser.ts'
import { EventStreamReader } from '../../gateway/endpoints/event-stream-reader.ts'
import { seededRandom } from '../seeded-random.ts'
import { mutated, pick, upTo, type Random } from './choices.ts'
import { streamPart } from './subgraph/hostile-streams.ts'

interface Event {
  readonly type: string
  readonly data: string
}

const STREAMS = 400
const GOOD = { data: { changed: { id: 'u1', name: 'ä\u2028💣' } } }

/** WHATWG HTML, 9.2.6, as it is written there. */
function naiveEvents(text: string): Event[] {
  const events: Event[] = []
  let type = ''
  let data: string[] = []
  // What follows the last end of a line has not ended.
  for (const line of text.split(/\r\n|\r|\n/).slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) events.push({ type, data: data.join('\n') })
      type = ''
      data = []
      continue
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') type = value
    if (field === 'data') data.push(value)
  }
  return events
}

function cut(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const length = 1 + upTo(pick([3, 40, 5_000], random), random)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

/** An end without data is an event of its own for the gateway. */
const withoutEnds = (events: readonly Event[]): Event[] =>
  events.filter(({ type, data }) => type !== 'complete' || data !== '')

test(`of ${STREAMS} hostile streams, cut anywhere, both give the events that stand in them`, () => {
  for (let seed = 0; seed < STREAMS; seed++) {
    const random = seededRandom(seed)
    const parts = Array.from({ length: 1 + upTo(8, random) }, () => streamPart(GOOD, random).subarray(0, 20_000))
    const whole = random() < 0.5 ? Buffer.concat(parts) : mutated(Buffer.concat(parts), random)
    const pieces = cut(whole, random)
    const reader = new EventStreamReader(Number.MAX_SAFE_INTEGER)
    const ours = pieces.flatMap((piece) => reader.read(piece) ?? [])
    const text = new TextDecoder().decode(whole)
    expect(withoutEnds(ours), `seed ${seed}`).toEqual(withoutEnds(naiveEvents(text)))
    const parser = createEventStreamParser(Number.MAX_SAFE_INTEGER)
    const decoder = new TextDecoder()
    const theirs = pieces.flatMap((piece) => parser(decoder.decode(piece, { stream: true })))
    const expected = naiveEvents(text).map(({ type, data }) => ({ name: type === '' ? 'message' : type, data }))
    expect(theirs, `seed ${seed}`).toEqual(expected)
  }
})

const ENDLESS: Record<string, string> = {
  'a line': 'x'.repeat(1_000),
  'a line of data': `data: ${'x'.repeat(100)}\n`,
  'empty lines of data': 'data\n'.repeat(100),
  'lines that are nothing, behind one of data': `data: x\nid: ${'x'.repeat(100)}\n:${'x'.repeat(100)}\n`,
}

test.each(Object.entries(ENDLESS))('%s without end ends the stream', (_name, piece) => {
  const feed = (take: (text: string) => boolean): number => {
    let characters = 0
    while (characters < 1_000_000 && take(piece)) characters += piece.length
    return characters
  }
  const reader = new EventStreamReader(10_000)
  expect(feed((text) => reader.read(Buffer.from(text)) !== null)).toBeLessThan(12_000)
  const parser = createEventStreamParser(10_000)
  const takes = (text: string): boolean => {
    try {
      parser(text)
      return true
    } catch {
      return false
    }
  }
  expect(feed(takes)).toBeLessThan(12_000)
})

test('signs of life without end do not', () => {
  const reader = new EventStreamReader(100)
  const parser = createEventStreamParser(100)
  for (let count = 0; count < 1_000; count++) {
    expect(reader.read(Buffer.from(':\n\n'))).toEqual([])
    expect(parser(':\n\n')).toEqual([])
  }
})
