// The inserts of the bare loop into our tables: every column of the record, and the bucket and hidden columns that a row of ours has too.
import { cqlIdentifier } from '../../../schema/emit/emit-cql.ts'
import { HIDDEN_COLUMNS, type TableDefinition } from '../../../schema/tables.ts'

type Order = Readonly<Record<string, unknown>>

export interface BareInsert {
  readonly query: string
  readonly params: (order: Order, offset: string) => unknown[]
  readonly partition: (order: Order) => string
}

export function bareTables(tables: readonly TableDefinition[], keyspace: string): readonly BareInsert[] {
  return tables.map((table) => {
    const columns = table.columns.map(({ cqlName }) => cqlIdentifier(cqlName)).join(', ')
    const places = table.columns.map(() => '?').join(', ')
    const values = table.columns.map(({ name, type }) => valueOf(name, type))
    const [first = ''] = table.partitionKey
    return {
      query: `INSERT INTO ${cqlIdentifier(keyspace)}.${cqlIdentifier(table.name)} (${columns}) VALUES (${places}) USING TIMESTAMP ?`,
      params: (order, offset) => [...values.map((value) => value(order, offset)), BigInt(offset) + 1n],
      partition: (order) => `${table.name}:${String(order[first])}:${monthOf(order)}`,
    }
  })
}

function valueOf(name: string, type: string): (order: Order, offset: string) => unknown {
  if (name === HIDDEN_COLUMNS.origin) return (_, offset) => offset
  if (name === HIDDEN_COLUMNS.upsertedAt) return (_, offset) => BigInt(offset)
  if (name === 'placedAt_month') return monthOf
  if (type === 'timestamp') return (order) => Date.parse(String(order[name]))
  if (type === 'json') return (order) => (order[name] === undefined ? undefined : JSON.stringify(order[name]))
  return (order) => order[name]
}

function monthOf(order: Order): string {
  return `${String(order['placedAt']).slice(0, 7)}-01`
}
