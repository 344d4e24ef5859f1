// What is sent for a write: no server is needed to see it.
import { describe, expect, it } from 'vitest'
import { compileTable } from '../../platform/adapters/cassandra/cql-table.ts'
import { rowStatements } from '../../platform/adapters/cassandra/row-statements.ts'
import type { Write } from '../../platform/ports/store.ts'
import { defineTable, put, type TableShape } from '../conformance/store/harness.ts'

const SHAPE = {
  columns: { id: 'text', name: 'text', count: 'int' },
  partitionKey: ['id'],
} as const satisfies TableShape
const INSERT = 'INSERT INTO k.t (id, name, count) VALUES (?, ?, ?) USING TIMESTAMP ? AND TTL ?'
const UPDATE = 'UPDATE k.t USING TIMESTAMP ? AND TTL ? SET name = ?, count = ? WHERE id = ?'

function statements(shape: TableShape, write: Write, nowMs = 0): unknown {
  return rowStatements(compileTable(defineTable('t', shape), 'k'), write, nowMs).statements.map(({ query, params }) => [
    query,
    ...params,
  ])
}

describe('a put', () => {
  it('leaves absent columns unset, clears those that are null, and says its time', () => {
    expect(statements(SHAPE, put('t', { id: '1', name: null }, 7))).toEqual([[INSERT, '1', null, undefined, 7n, 0]])
  })

  it('writes cells of another time without making the row exist at it', () => {
    const write = { ...put('t', { id: '1', name: 'a', count: 1 }, 7), writeTimes: { name: 9 } }
    expect(statements(SHAPE, write)).toEqual([
      [INSERT, '1', undefined, 1, 7n, 0],
      [UPDATE, 9n, 0, 'a', undefined, '1'],
    ])
  })

  it('ends at the same full second, whenever it is written or repeated', () => {
    const shape = { ...SHAPE, ttlMs: 10_000 }
    const write = put('t', { id: '1', name: 'a' }, 5_500_000)
    const endsAt = [5_600, 5_999, 6_000, 14_999, 15_000, 15_400].map((nowMs) => {
      const [[, , , , , ttl] = []] = statements(shape, write, nowMs) as unknown[][]
      return Math.floor(nowMs / 1_000) + Number(ttl)
    })
    expect(new Set(endsAt)).toEqual(new Set([16]))
  })

  it('that has ended by now writes nulls in its place, and no row', () => {
    const shape = { ...SHAPE, ttlMs: 10_000 }
    const ended = [UPDATE, 5_500_000n, 0, null, undefined, '1']
    expect(statements(shape, put('t', { id: '1', name: 'a' }, 5_500_000), 15_500)).toEqual([ended])
    expect(statements(shape, put('t', { id: '1' }, 5_500_000), 15_500)).toEqual([])
  })

  it('never asks for a longer life than Cassandra gives', () => {
    const shape = { ...SHAPE, ttlMs: 630_720_000_000 }
    const ahead = put('t', { id: '1' }, 86_400_000_000)
    expect(statements(shape, ahead)).toEqual([[INSERT, '1', undefined, undefined, 86_400_000_000n, 630_720_000]])
  })
})

describe('a delete', () => {
  it('names the key and the time', () => {
    const write: Write = { kind: 'delete', table: 't', key: { id: '1' }, writeTime: 3 }
    expect(statements(SHAPE, write)).toEqual([['DELETE FROM k.t USING TIMESTAMP ? WHERE id = ?', 3n, '1']])
  })
})

describe('a partition', () => {
  it('is told by its key alone, whatever the texts in it', () => {
    const shape: TableShape = {
      columns: { a: 'text', b: 'text', c: 'int' },
      partitionKey: ['a', 'b'],
      clusteringKey: ['c'],
    }
    const partitionOf = (a: string, b: string, c: number): string =>
      rowStatements(compileTable(defineTable('t', shape), 'k'), put('t', { a, b, c }, 1), 0).partition
    expect(partitionOf('x', 'y', 1)).toBe(partitionOf('x', 'y', 2))
    expect(partitionOf('x","y', '', 1)).not.toBe(partitionOf('x', 'y', 1))
  })
})
