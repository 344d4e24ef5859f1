// A digest of what queries see of a product: per table the number of visible rows, and the sum, modulo 2^256, of the SHA-256 of each row in
// canonical JSON. It depends on the rows alone, not on scan order, store or write times: what two meshes digest alike, they answer alike.
// It reads whole tables; rows that are written meanwhile may be in it or not.
import { hash } from 'node:crypto'
import type { Product } from '../../schema/model.ts'
import type { Row, Value } from '../../schema/row.ts'
import { HIDDEN_COLUMNS } from '../../schema/tables.ts'
import { limits } from '../../platform/limits.ts'
import type { Store } from '../../platform/ports/store.ts'
import { planEntities, type EntityPlan } from '../entity-plan.ts'

export interface TableDigest {
  readonly entity: string
  readonly table: string
  readonly rows: number
  /** 64 hexadecimal digits. */
  readonly digest: string
  /** Whether a further table holds exactly the base's rows that have a place in it; null of a base. */
  readonly agrees: boolean | null
}

export interface ProductDigest {
  /** `domain/name`. */
  readonly product: string
  readonly tables: readonly TableDigest[]
  /** Whether all tables of each entity agree. */
  readonly agrees: boolean
}

export interface DigestOptions {
  /** Told now and then how many rows have been read. */
  readonly onRows?: (rows: number) => void
  readonly signal?: AbortSignal
}

export async function digestProduct(
  store: Pick<Store, 'scan'>,
  product: Product,
  options: DigestOptions = {},
): Promise<ProductDigest> {
  const tables: TableDigest[] = []
  const counted = countedFrom(options)
  for (const plan of planEntities(product, 1)) tables.push(...(await digestEntity(store, plan, counted)))
  return {
    product: `${product.domain}/${product.name}`,
    tables,
    agrees: tables.every(({ agrees }) => agrees !== false),
  }
}

/** Called for each row read. */
function countedFrom({ onRows, signal }: DigestOptions): () => void {
  let rows = 0
  return () => {
    rows += 1
    signal?.throwIfAborted()
    if (rows % limits.digestPageRows === 0) onRows?.(rows)
  }
}

async function digestEntity(
  store: Pick<Store, 'scan'>,
  plan: EntityPlan,
  counted: () => void,
): Promise<readonly TableDigest[]> {
  const [entity, base] = [plan.entity.name, new RowSum()]
  /** What each further table holds where it agrees. */
  const expected = plan.further.map(() => new RowSum())
  for await (const row of visibleRows(store, plan, plan.base.name)) {
    counted()
    const added = base.add(row)
    plan.further.forEach((table, index) => {
      if (table.keyOf(row) !== null) expected[index]?.addHash(added)
    })
  }
  const tables: TableDigest[] = [{ entity, table: plan.base.name, ...base.result(), agrees: null }]
  for (const [index, { name }] of plan.further.entries()) {
    const held = new RowSum()
    for await (const row of visibleRows(store, plan, name)) {
      counted()
      held.add(row)
    }
    const [result, wanted] = [held.result(), expected[index]?.result()]
    const agrees = result.rows === wanted?.rows && result.digest === wanted.digest
    tables.push({ entity, table: name, ...result, agrees })
  }
  return tables
}

/** The entity's own cells, those with a value, of rows that a query would see. */
async function* visibleRows(store: Pick<Store, 'scan'>, plan: EntityPlan, table: string): AsyncGenerator<Row> {
  const columns = columnsOf(plan)
  let after: Row | null = null
  for (;;) {
    const page = await store.scan(table, { limit: limits.digestPageRows, ...(after === null ? {} : { after }) })
    for (const row of page.rows) if (isVisible(row)) yield picked(row, columns)
    const last = page.rows.at(-1)
    if (!page.more || last === undefined) return
    after = last
  }
}

function columnsOf({ entity }: EntityPlan): readonly string[] {
  const stored = entity.fields.filter(({ kind }) => kind === 'stored' || kind === 'computed')
  return stored.map(({ name }) => name).toSorted()
}

function isVisible(row: Row): boolean {
  const deletedAt = row[HIDDEN_COLUMNS.deletedAt] ?? null
  return deletedAt === null || Number(row[HIDDEN_COLUMNS.upsertedAt] ?? -1) > Number(deletedAt)
}

function picked(row: Row, columns: readonly string[]): Row {
  const cells: [string, Value][] = []
  for (const column of columns) {
    const value = Object.hasOwn(row, column) ? row[column] : null
    if (value !== undefined && value !== null) cells.push([column, value])
  }
  return Object.fromEntries(cells)
}

const MODULUS = 1n << 256n

class RowSum {
  #rows = 0
  #sum = 0n

  /** The row's own hash. */
  add(row: Row): bigint {
    const hashed = BigInt(`0x${hash('sha256', canonicalJson(row))}`)
    this.addHash(hashed)
    return hashed
  }

  addHash(hashed: bigint): void {
    this.#rows += 1
    this.#sum = (this.#sum + hashed) % MODULUS
  }

  result(): { readonly rows: number; readonly digest: string } {
    return { rows: this.#rows, digest: this.#sum.toString(16).padStart(64, '0') }
  }
}

/** JSON without spaces, the members of every object in the order of their names (UTF-16, as RFC 8785). */
function canonicalJson(value: Value): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(canonicalJson).join(',')}]`
  const object = value as Readonly<Record<string, Value>>
  const members = Object.keys(object)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(object[name] ?? null)}`)
  return `{${members.join(',')}}`
}
