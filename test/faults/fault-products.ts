// The products of the fault suite: one kind of records under six sets of promises, with what the oracle needs to know of each. The oracle
// reads nothing of the compiled product but its names.
import { compileProduct } from '../../schema/compile-product.ts'
import type { Product } from '../../schema/model.ts'

export type ColumnKind = 'text' | 'int' | 'bigint' | 'decimal' | 'timestamp' | 'json'

export interface FaultTable {
  readonly name: string
  /** Columns of the key: a row without one of them is not in the table. */
  readonly key: readonly string[]
}

/** What a product promises, as an operator would say it. */
export interface FaultProduct {
  /** Also the field of `Query` that looks one up; `<name>Changed` subscribes. */
  readonly name: string
  readonly type: string
  readonly topic: string
  readonly partitions: number
  /** The field that keys the messages. */
  readonly keyField: 'id' | 'customerId'
  readonly envelope: 'NONE' | 'DEBEZIUM'
  readonly version: { readonly field: string; readonly kind: 'TIME' | 'SEQUENCE' } | null
  readonly partial: boolean
  readonly immutable: boolean
  /** Whether ingest reads the base row: then a message must have a key. */
  readonly merged: boolean
  /** Beside `id`. */
  readonly columns: Readonly<Record<string, ColumnKind>>
  /** Beside `id`; the others may be absent or null. */
  readonly required: readonly string[]
  /** The base first. */
  readonly tables: readonly FaultTable[]
  readonly product: Product
}

interface Promises {
  readonly name: string
  readonly type: string
  readonly keyField?: 'customerId'
  readonly envelope?: 'DEBEZIUM'
  readonly version?: 'TIME' | 'SEQUENCE'
  readonly partial?: boolean
  readonly immutable?: boolean
  readonly tables: 1 | 2
  readonly partitions: number
}

const VERSION_FIELDS = { TIME: 'updatedAt', SEQUENCE: 'sequence' } as const

function declare(promises: Promises): FaultProduct {
  const { name, type, partial = false, immutable = false, tables, partitions, envelope = 'NONE' } = promises
  const { keyField = 'id' } = promises
  const version =
    promises.version === undefined ? null : { field: VERSION_FIELDS[promises.version], kind: promises.version }
  const columns: Record<string, ColumnKind> = {
    serial: 'int',
    customerId: 'text',
    rank: 'int',
    note: 'text',
    amount: 'decimal',
    lines: 'json',
  }
  if (version?.kind === 'TIME') columns[version.field] = 'timestamp'
  if (version?.kind === 'SEQUENCE') columns[version.field] = 'bigint'
  const topic = `faults.${name}s`
  const { product, diagnostics } = compileProduct(`${name}.graphql`, sdlOf(promises))
  if (product === null) throw new Error(JSON.stringify(diagnostics, null, 2))
  const all: readonly FaultTable[] = [
    { name: `fault_${name}s`, key: ['id'] },
    { name: `fault_${name}s_by_customer`, key: ['customerId', 'rank', 'id'] },
  ]
  return {
    name,
    type,
    topic,
    partitions,
    keyField,
    envelope,
    version,
    partial,
    immutable,
    merged: product.entities.some((entity) => entity.readsBase),
    columns,
    required: ['serial', 'customerId', 'rank', ...(version === null ? [] : [version.field])],
    tables: all.slice(0, tables),
    product,
  }
}

function sdlOf({ name, type, version, tables, partitions, ...promises }: Promises): string {
  const source = [
    `topic: "faults.${name}s", key: "${promises.keyField ?? 'id'}", partitions: ${partitions}`,
    version === undefined ? '' : `version: "${VERSION_FIELDS[version]}"`,
    promises.envelope === undefined ? '' : `envelope: ${promises.envelope}`,
    promises.partial === true ? 'partial: true' : '',
    promises.immutable === true ? 'immutableKeys: true' : '',
  ]
  const further = `@table(name: "fault_${name}s_by_customer", partitionKey: ["customerId"], clusteringKey: ["rank desc", "id"])`
  const versionField =
    version === undefined ? '' : `${VERSION_FIELDS[version]}: ${version === 'TIME' ? 'DateTime' : 'BigInt'}!`
  return `
    extend schema @product(name: "${name}s", domain: "faults", owner: "faults@example.com", version: "1.0.0", status: ACTIVE)
    type ${type} @key(fields: "id")
      @source(${source.filter((part) => part !== '').join(', ')})
      @table(name: "fault_${name}s", partitionKey: ["id"])
      ${tables === 2 ? further : ''} {
      id: ID!
      serial: Int!
      customerId: ID!
      rank: Int!
      note: String
      amount: Decimal @check(id: "amount-not-negative", range: "[0,)")
      lines: [${type}Line!]
      ${versionField}
    }
    type ${type}Line { productId: ID! quantity: Int! }
    type Query { ${name}(id: ID!): ${type} @lookup }
    type Subscription { ${name}Changed: ${type} @changes(on: [CREATED, UPDATED${promises.immutable === true ? '' : ', DELETED'}]) }
  `
}

/** Corrected, moved and deleted; the newer is the one that says so. */
const ORDERS = declare({
  name: 'order',
  type: 'Order',
  envelope: 'DEBEZIUM',
  version: 'TIME',
  tables: 2,
  partitions: 3,
})
/** As orders, of which each record may lack anything. */
const PARCELS = declare({
  name: 'parcel',
  type: 'Parcel',
  envelope: 'DEBEZIUM',
  version: 'SEQUENCE',
  partial: true,
  tables: 2,
  partitions: 2,
})
/** One table, written without reading; the log's time decides. */
const READINGS = declare({ name: 'reading', type: 'Reading', tables: 1, partitions: 2 })
/** Two tables; the log's time decides. */
const TICKETS = declare({ name: 'ticket', type: 'Ticket', tables: 2, partitions: 2 })
/** Keyed by their customers, so re-keyed: an account that moves comes from another partition. */
const ACCOUNTS = declare({
  name: 'account',
  type: 'Account',
  keyField: 'customerId',
  envelope: 'DEBEZIUM',
  version: 'SEQUENCE',
  tables: 2,
  partitions: 2,
})
/** Two tables, written without reading, since their keys never change. */
const SHIPMENTS = declare({
  name: 'shipment',
  type: 'Shipment',
  version: 'TIME',
  immutable: true,
  tables: 2,
  partitions: 2,
})

export const FAULT_PRODUCTS: readonly FaultProduct[] = [ORDERS, PARCELS, READINGS, TICKETS, ACCOUNTS, SHIPMENTS]
