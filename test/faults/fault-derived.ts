// What the fault suite derives from its products: by a join, by sessions, by a function. And what the derived table must hold, by nothing but the
// visible rows of its inputs.
import { compileProduct } from '../../schema/compile-product.ts'
import type { FoldFunctions } from '../../schema/fold/fold-function.ts'
import { cellText, type Row } from '../../schema/row.ts'
import type { ColumnKind, FaultProduct } from './fault-products.ts'

export interface FaultDerived {
  /** As an observer needs it. */
  readonly told: FaultProduct
  /** Tables of its inputs, and the rows that it must have for theirs. */
  readonly inputTables: readonly string[]
  readonly expected: (rowsOf: (table: string) => readonly Row[]) => readonly Row[]
}

/** Of what `folds.ts` would export, by `domain/name`. */
export const DERIVED_FUNCTIONS: Readonly<Record<string, FoldFunctions>> = {
  'faults/shelfs': {
    shelves: {
      init: () => ({}),
      apply: (state, { value }) => {
        const ids = (state as Shelves)[cellText(value['rank'])] ?? []
        return { ...(state as Shelves), [cellText(value['rank'])]: [...ids, cellText(value['id'])] }
      },
      emit: (state, group) =>
        Object.entries(state as Shelves).map(([rank, ids]) => ({
          id: cellText(group['id']),
          rank: Number(rank),
          members: ids.join(' '),
        })),
    },
  },
}

interface Shelves {
  readonly [rank: string]: readonly string[]
}

const SESSION_GAP_S = 12
const EVENT_TIME = `timestamp('2024-01-01T00:00:00Z') + duration(string(serial) + 's')`

/** The run's derived product: of which kind and from which products the seed says, in whatever order these come. Rows of those used lack nothing. */
export function derivedOf(seed: number, products: readonly FaultProduct[]): FaultDerived {
  const whole = products.filter(({ partial }) => !partial).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const at = Math.floor(seed / 3) % whole.length
  const [from, beside] = [whole[at], whole[(at + 1) % whole.length]]
  if (from === undefined) throw new Error('Every run has a product whose rows lack nothing.')
  const kinds = [joined, visits, shelves]
  return (kinds[seed % kinds.length] ?? joined)(from, beside ?? from)
}

function joined(from: FaultProduct, beside: FaultProduct): FaultDerived {
  const told = declare('joined', 'Joined', {
    columns: { rows: 'bigint', amount: 'decimal', most: 'int' },
    sdl: `
      ${read('From', from, 'customerId: ID! rank: Int! amount: Decimal')}
      ${read('Beside', beside, 'customerId: ID!')}
      type Joined @key(fields: "id")
        @source(topic: "faults.joineds", key: "id", partitions: 2)
        @table(name: "fault_joineds", partitionKey: ["id"])
        @fold(input: "From")
        @join(input: "Beside", as: "other", key: ["'${beside.name}-' + string(rank)"]) {
        id: ID! @group(cel: "other.customerId")
        rows: BigInt! @aggregate(function: COUNT)
        amount: Decimal! @aggregate(function: SUM, cel: "amount")
        most: Int @aggregate(function: MAX, cel: "serial")
      }
      type Query { joined(id: ID!): Joined @lookup }`,
  })
  const [table, other] = [baseOf(from), baseOf(beside)]
  return {
    told,
    inputTables: [table, other],
    expected: (rowsOf) => {
      const customerOf = new Map(rowsOf(other).map((row) => [row['id'], cellText(row['customerId'])]))
      const customer = (row: Row) => customerOf.get(`${beside.name}-${cellText(row['rank'])}`)
      return [...grouped(rowsOf(table), customer)].map(([id, rows]) => ({
        id,
        rows: String(rows.length),
        amount: String(rows.reduce((sum, row) => sum + Math.round(Number(row['amount'] ?? 0) * 10), 0) / 10),
        most: Math.max(...rows.map(serialOf)),
      }))
    },
  }
}

function visits(from: FaultProduct): FaultDerived {
  const told = declare('visit', 'Visit', {
    columns: { startedAt: 'timestamp', endedAt: 'timestamp', rows: 'bigint' },
    sdl: `
      ${read('From', from, 'customerId: ID!')}
      type Visit @key(fields: "id startedAt")
        @source(topic: "faults.visits", key: "id", partitions: 2)
        @table(name: "fault_visits", partitionKey: ["id"], clusteringKey: ["startedAt"])
        @fold(input: "From", time: "${EVENT_TIME}")
        @window(gap: "PT${SESSION_GAP_S}S") {
        id: ID! @group(cel: "customerId")
        startedAt: DateTime! @windowStart
        endedAt: DateTime! @windowEnd
        rows: BigInt! @aggregate(function: COUNT)
      }
      type Query { visit(id: ID!, startedAt: DateTime!): Visit @lookup }`,
  })
  const table = baseOf(from)
  return {
    told,
    inputTables: [table],
    expected: (rowsOf) =>
      [...grouped(rowsOf(table), (row) => cellText(row['customerId']))].flatMap(([id, rows]) =>
        sessions(rows.map(serialOf)).map((serials) => ({
          id,
          startedAt: timeOf(Math.min(...serials)),
          endedAt: timeOf(Math.max(...serials)),
          rows: String(serials.length),
        })),
      ),
  }
}

function shelves(from: FaultProduct): FaultDerived {
  const told = declare('shelf', 'Shelf', {
    columns: { rank: 'int', members: 'text' },
    sdl: `
      ${read('From', from, 'customerId: ID! rank: Int!')}
      type Shelf @key(fields: "id rank")
        @source(topic: "faults.shelfs", key: "id", partitions: 2)
        @table(name: "fault_shelfs", partitionKey: ["id"], clusteringKey: ["rank"])
        @fold(input: "From", time: "${EVENT_TIME}")
        @foldBy(function: "shelves", ordered: true) {
        id: ID! @group(cel: "customerId")
        rank: Int!
        members: String!
      }
      type Query { shelf(id: ID!, rank: Int!): Shelf @lookup }`,
  })
  const table = baseOf(from)
  return {
    told,
    inputTables: [table],
    expected: (rowsOf) =>
      [...grouped(rowsOf(table), (row) => JSON.stringify([row['customerId'], row['rank']]))].map(([group, rows]) => {
        const [id, rank] = JSON.parse(group) as [string, number]
        const inOrder = rows.toSorted(
          (a, b) => serialOf(a) - serialOf(b) || (cellText(a['id']) < cellText(b['id']) ? -1 : 1),
        )
        return { id, rank, members: inOrder.map((row) => cellText(row['id'])).join(' ') }
      }),
  }
}

function read(name: string, { product, type }: FaultProduct, fields: string): string {
  return `input ${name} @reads(product: "faults/${product.name}", entity: "${type}") { id: ID! serial: Int! ${fields} }`
}

function declare(
  name: string,
  type: string,
  { columns, sdl }: { readonly columns: Readonly<Record<string, ColumnKind>>; readonly sdl: string },
): FaultProduct {
  const { product, diagnostics } = compileProduct(
    `${name}.graphql`,
    `extend schema @product(name: "${name}s", domain: "faults", owner: "faults@example.com", version: "1.0.0", status: ACTIVE)
      ${sdl}
      type Subscription { ${name}Changed: ${type} @changes(on: [CREATED, UPDATED, DELETED]) }`,
  )
  if (product === null) throw new Error(JSON.stringify(diagnostics, null, 2))
  return {
    name,
    type,
    topic: `faults.${name}s`,
    partitions: 2,
    keyField: 'id',
    envelope: 'NONE',
    version: null,
    partial: false,
    immutable: false,
    merged: true,
    columns,
    required: [],
    tables: [{ name: `fault_${name}s`, key: ['id'] }],
    product,
  }
}

function baseOf({ tables }: FaultProduct): string {
  return tables[0]?.name ?? ''
}

function serialOf(row: Row): number {
  return Number(row['serial'])
}

function timeOf(serial: number): string {
  return new Date(Date.UTC(2024, 0, 1) + serial * 1_000).toISOString()
}

function sessions(serials: readonly number[]): number[][] {
  const found: number[][] = []
  for (const serial of serials.toSorted((a, b) => a - b)) {
    const last = found.at(-1)
    if (last !== undefined && serial - (last.at(-1) ?? 0) <= SESSION_GAP_S) last.push(serial)
    else found.push([serial])
  }
  return found
}

/** Those without a group are in none. */
function grouped(rows: readonly Row[], groupOf: (row: Row) => string | undefined): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groupOf(row)
    if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), row])
  }
  return groups
}
