// Changes that many subscribers read are decoded once while they are new.
import { expect, test } from 'vitest'
import { limits } from '../../platform/limits.ts'
import type { LogRecord } from '../../platform/ports/event-log.ts'
import { RecentChanges } from '../../subgraphs/runtime/recent-changes.ts'

function record(offset: number): LogRecord {
  const change = { kind: 'CREATED', key: `k${offset}`, row: {}, wrote: [], source: `items:0:${offset}`, generation: 0 }
  return { offset, key: Buffer.from('k'), value: Buffer.from(JSON.stringify(change)), headers: {}, timestampUs: 0 }
}

test('another record of the same place is the same change, and partitions are apart', () => {
  const recent = new RecentChanges('items.changes')
  const first = recent.of(0, record(7))
  expect(recent.of(0, record(7))).toBe(first)
  expect(recent.of(1, record(7))).not.toBe(first)
  expect(first).toMatchObject({ change: { key: 'k7' }, sourceOffset: 7 })
})

test('a newer one takes the place of an older one, and not the other way round', () => {
  const recent = new RecentChanges('items.changes')
  const [old, newer] = [record(3), record(3 + limits.recentChangesMax)]
  const before = recent.of(0, old)
  const after = recent.of(0, newer)
  expect(after.change.key).toBe(`k${newer.offset}`)
  expect(recent.of(0, record(3))).not.toBe(before)
  expect(recent.of(0, record(3)).change.key).toBe('k3')
  expect(recent.of(0, record(newer.offset))).toBe(after)
})

test('what is no change is refused each time', () => {
  const recent = new RecentChanges('items.changes')
  const broken = { ...record(1), value: Buffer.from('{') }
  for (let time = 0; time < 2; time++) expect(() => recent.of(0, broken)).toThrow('items.changes:0:1 is no change')
})
