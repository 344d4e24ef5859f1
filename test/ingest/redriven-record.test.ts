// What ingest makes of a record that carries the headers of a redrive: its origin's position and times, or nothing.
import { expect, test } from 'vitest'
import { decodeBatch } from '../../ingest/decode-batch.ts'
import { planEntities } from '../../ingest/entity-plan.ts'
import { sourceRecordOf } from '../../ingest/source-position.ts'
import type { LogRecord } from '../../platform/ports/event-log.ts'
import { testProduct } from './test-products.ts'

const TOPIC = 'test.things'

const logRecord = (offset: number, headers: Readonly<Record<string, string>>, cells: object = {}): LogRecord => ({
  offset,
  timestampUs: 5_000_000_000_000_000,
  key: Buffer.from('a'),
  value: Buffer.from(JSON.stringify({ id: 'a', shelf: 's', rank: 1, ...cells })),
  headers,
})

const origin = (position: string, us: string, id: string | null = 'some') => ({
  ...(id === null ? {} : { 'meshgate-redrive': id }),
  'meshgate-source-position': position,
  'meshgate-source-append-time-us': us,
})

test('headers of an origin are believed of a redrive alone, and only where they name an earlier record of the partition', () => {
  const batch = (record: LogRecord) => ({ topic: TOPIC, partition: 0, records: [record] })
  const positionOf = (record: LogRecord): string => sourceRecordOf(batch(record), record, false).position
  const wrong = [
    origin(`${TOPIC}:0:3`, '7', null),
    origin(`${TOPIC}:1:3`, '7'),
    origin(`${TOPIC}:0:10`, '7'),
    origin(`${TOPIC}:0:3`, 'x'),
    origin(`${TOPIC}:0:-3`, '7'),
    origin('other.things:0:3', '7'),
    { 'meshgate-redrive': 'some' },
  ]
  expect(wrong.map((headers) => positionOf(logRecord(10, headers)))).toEqual(wrong.map(() => `${TOPIC}:0:10`))
  const record = logRecord(10, origin(`${TOPIC}:0:3`, '7'))
  expect(sourceRecordOf(batch(record), record, false)).toMatchObject({
    position: `${TOPIC}:0:3`,
    timestampUs: 7,
    redrivenUs: record.timestampUs,
  })
})

test('a version that lay ahead of the append time is accepted when it is redriven after that time', () => {
  const [plan] = planEntities(testProduct({ source: { version: { field: 'updatedAt', kind: 'TIME' } } }), 1)
  if (plan === undefined) throw new Error('The test product has an entity.')
  const cells = { updatedAt: '2026-01-10T00:00:00Z' }
  const appended = String(Date.parse('2026-01-01T00:00:00Z') * 1_000)
  const decoded = (record: LogRecord) => decodeBatch(plan, { topic: TOPIC, partition: 0, records: [record] })[0]
  const first = { ...logRecord(1, {}, cells), timestampUs: Number(appended) }
  expect(decoded(first)).toMatchObject({ kind: 'rejected', violations: [{ code: 'RECORD_VERSION_AHEAD' }] })
  const again = logRecord(2, origin(`${TOPIC}:0:1`, appended), cells)
  expect(decoded(again)).toMatchObject({ kind: 'upsert', writeTime: expect.any(Number) as number })
})
