// Tables of random keys with random rows, and requests of them: values come from small pools, so that prefixes are shared and ranges meet
// rows, gaps and ends.
import type { ClusteringRange, PageRequest } from '../../platform/ports/store.ts'
import type { Row, Value } from '../../schema/row.ts'
import type { ColumnType, TableDefinition } from '../../schema/tables.ts'
import { defineTable, pick } from '../conformance/store/harness.ts'

type Random = () => number

const POOLS = {
  text: ['', 'a', 'a\u0000', 'B', 'é', '\ue000', '😀', 'zz'],
  int: [-2_147_483_648, -5, 0, 3, 70_000],
  bigint: ['-9223372036854775808', '-1', '0', '10', '9007199254740993'],
  decimal: ['-10', '-1.5', '0', '0.001', '1', '1.5', '100'],
  timestamp: ['0001-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z'],
  date: ['0001-01-01', '1970-01-01', '2026-11-21', '9999-12-31'],
  uuid: [
    '00000000-0001-1000-8000-000000000000',
    'ffffffff-0000-1000-8000-000000000000',
    '00000000-0000-4000-8000-000000000000',
    'ffffffff-0000-4000-8000-000000000000',
  ],
} as const satisfies Partial<Record<ColumnType, readonly (string | number)[]>>
const KEY_TYPES = Object.keys(POOLS) as (keyof typeof POOLS)[]
const INDEXED = ['label', 'k1', 'p2'] as const

export interface RandomTable {
  readonly definition: TableDefinition
  readonly rows: readonly Row[]
  readonly partitions: readonly Row[]
}

const chosen = <T>(random: Random, items: readonly T[]): T => {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('Nothing to choose from.')
  return item
}

/** `p1`, `p2` make the partition, `k1` to `k4` the clustering key; `label` is indexed too. */
export function randomTable(name: string, random: Random, rowsPerPartition: number): RandomTable {
  const clustering = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, at) => ({
    name: `k${at + 1}`,
    type: chosen(random, KEY_TYPES),
    order: random() < 0.5 ? ' desc' : '',
  }))
  const columns = Object.fromEntries(clustering.map(({ name: column, type }) => [column, type] as const))
  const definition = defineTable(name, {
    columns: { p1: 'text', p2: 'int', ...columns, label: 'text', amount: 'decimal' },
    partitionKey: ['p1', 'p2'],
    clusteringKey: clustering.map(({ name: column, order }) => column + order),
    indexes: INDEXED,
  })
  const partitions = ['a', 'b', 'c\u0000', ''].flatMap((p1) => [0, -1].map((p2) => ({ p1, p2 })))
  const rows = partitions.flatMap((partition) =>
    Array.from({ length: 1 + Math.floor(random() * rowsPerPartition) }, (): Row => ({
      ...partition,
      ...Object.fromEntries(clustering.map(({ name: column, type }) => [column, chosen<Value>(random, POOLS[type])])),
      label: chosen(random, ['red', 'green', '']),
      amount: chosen(random, POOLS.decimal),
    })),
  )
  const byKey = new Map(rows.map((row) => [JSON.stringify(keyOf(definition, row)), row]))
  return { definition, rows: [...byKey.values()], partitions }
}

export function keyOf(definition: TableDefinition, row: Row): Row {
  return pick(row, [...definition.partitionKey, ...definition.clusteringKey.map(({ column }) => column)])
}

function valueOf(definition: TableDefinition, column: string, random: Random): string | number {
  const type = definition.columns.find(({ name }) => name === column)?.type
  const pool = KEY_TYPES.find((candidate) => candidate === type)
  if (pool === undefined) throw new Error(`No values of column ${column}.`)
  return chosen<string | number>(random, POOLS[pool])
}

/** Clustering values that a row may have or not. */
export function randomAfter(definition: TableDefinition, random: Random): Row {
  return Object.fromEntries(definition.clusteringKey.map(({ column }) => [column, valueOf(definition, column, random)]))
}

export function randomPage({ definition, partitions }: RandomTable, random: Random): PageRequest {
  const columns = definition.clusteringKey.map(({ column }) => column)
  const depth = Math.floor(random() * (columns.length + 1))
  const next = columns[depth]
  const bound = (share: number): ClusteringRange['lower'] =>
    next === undefined || random() > share
      ? undefined
      : { column: next, value: valueOf(definition, next, random), inclusive: random() < 0.5 }
  const [lower, upper] = [bound(0.5), bound(0.5)]
  const equal = columns.slice(0, depth).map((column) => [column, valueOf(definition, column, random)] as const)
  return {
    partition: chosen(random, partitions),
    range: {
      ...(equal.length > 0 ? { equal: Object.fromEntries(equal) } : {}),
      ...(lower === undefined ? {} : { lower }),
      ...(upper === undefined ? {} : { upper }),
    },
    order: random() < 0.5 ? 'FORWARD' : 'REVERSE',
    limit: chosen(random, [1, 3, 10, 150]),
    ...(random() < 0.6 ? { after: randomAfter(definition, random) } : {}),
  }
}
