import { describe, expect, it } from 'vitest'
import { compileTable } from '../../platform/adapters/cassandra/cql-table.ts'
import { type RowStatements, rowStatements } from '../../platform/adapters/cassandra/row-statements.ts'
import { type Place, writeRequests } from '../../platform/adapters/cassandra/write-requests.ts'
import { limits } from '../../platform/limits.ts'
import { defineTable, put, type TableShape } from '../conformance/store/harness.ts'

const SHAPE = {
  columns: { id: 'text', part: 'int', name: 'text' },
  partitionKey: ['id'],
  clusteringKey: ['part'],
} as const satisfies TableShape
const TABLE = compileTable(defineTable('rows', SHAPE), 'space')

const row = (id: string, part: number, name = 'name'): RowStatements =>
  rowStatements(TABLE, put('rows', { id, part, name }, 1), 0)
const ANYWHERE = (): Place => ({ node: '' })

/** The keys of each request, `id part`. */
function keysOf(rows: readonly RowStatements[], placeOf: (row: RowStatements) => Place = ANYWHERE) {
  const requests = [...writeRequests(rows, placeOf)]
  return Object.fromEntries(
    requests.map(([node, ofNode]) => [
      node,
      ofNode.map(({ statements }) => statements.map(({ params: [id, part] }) => `${String(id)} ${String(part)}`)),
    ]),
  )
}

describe('requests of rows', () => {
  it('hold rows of one partition together, and small ones of several', () => {
    expect(keysOf([row('a', 1), row('b', 1), row('a', 2)])).toEqual({ '': [['a 1', 'a 2', 'b 1']] })
  })

  it('hold no more partitions than a server takes without a warning', () => {
    const ids = Array.from({ length: limits.storeMixedPartitionsMax + 2 }, (_, at) => `id${at}`)
    const counts = Object.values(keysOf(ids.map((id) => row(id, 1)))).flatMap((requests) =>
      requests.map((each) => each.length),
    )
    expect(counts).toEqual([limits.storeMixedPartitionsMax, 2])
  })

  it('hold no more bytes of several partitions than a server takes without a warning', () => {
    const half = 'x'.repeat(limits.storeMixedBytesMax / 2)
    expect(keysOf([row('a', 1, half), row('b', 1, half), row('c', 1)])).toEqual({ '': [['a 1'], ['b 1', 'c 1']] })
  })

  it('hold a large row alone, and a large partition in parts', () => {
    const large = 'x'.repeat(limits.storeBatchBytesMax)
    const quarter = 'x'.repeat(limits.storeBatchBytesMax / 4)
    expect(keysOf([row('a', 1, large), row('b', 1)])).toEqual({ '': [['a 1'], ['b 1']] })
    const many = [1, 2, 3, 4, 5].map((part) => row('a', part, quarter))
    expect(keysOf(many)).toEqual({
      '': [
        ['a 1', 'a 2', 'a 3'],
        ['a 4', 'a 5'],
      ],
    })
  })

  it('go to the node of their partitions', () => {
    const placeOf = ({ row: { id } }: RowStatements): Place => ({ node: id === 'b' ? 'second' : 'first' })
    const keys = keysOf([row('a', 1), row('b', 1), row('c', 1)], placeOf)
    expect(keys).toEqual({ first: [['a 1', 'c 1']], second: [['b 1']] })
  })
})
