// What a product's newest version declares of tables, against what its versions before did: which further tables must be filled from rows that
// are there, who may no more write, and what is refused. Pure.
//
// A process of a version before that does not know a further table would leave its rows out, and nobody could tell which. So it is superseded
// as soon as a version with the table is declared: it takes no more batches of the product (docs/decisions/schema-evolution.md).
import { productKey } from '../../platform/table-generations.ts'
import type { Product } from '../../schema/model.ts'
import { partId, type Adding, type Declared, type DeclaredTable, type TablesState } from './table-state.ts'

/** Every table of the product's own entities. */
function declaredTables(product: Product): readonly DeclaredTable[] {
  return product.entities.flatMap(({ name: entity, source, tables }) => {
    const [base] = tables
    if (source === null || base === undefined) return []
    return tables.map(({ name }) => ({ name, base: base.name, entity }))
  })
}

export interface Declaring {
  readonly product: Product
  /** Ids of the parts that its partitions are. */
  readonly partitions: readonly string[]
  readonly nowMs: number
}

/** What the state becomes by the product's being declared; null where it is as it was. */
export function declaring(state: TablesState, { product, partitions, nowMs }: Declaring): Partial<TablesState> | null {
  const { declared: before } = state
  const tables = declaredTables(product)
  const readsBase = mergedBases(product)
  const { version } = product
  // Nothing is known of which rows the tables have.
  if (before === null) return { declared: { version, tables, readsBase, former: [] } }
  const gone = before.tables.filter(({ name }) => !has(tables, name))
  const wanted = tables.filter((table) => isToFill(before, table) || has(state.adding?.tables ?? [], table.name))
  const declared: Declared = {
    version: isNewer(version, before.version) ? version : before.version,
    tables,
    readsBase,
    former: [...before.former, ...gone.map(({ name }) => name)],
  }
  const isSame = JSON.stringify(wanted) === JSON.stringify(state.adding?.tables ?? [])
  if (isSame && JSON.stringify(declared) === JSON.stringify(before)) return null
  if (isSame) return { declared }
  if (wanted.length === 0) return { declared, adding: null }
  const scans = [...new Set(wanted.map(({ entity }) => partId.scan(entity)))]
  const adding: Adding = {
    number: -(state.version + 1),
    tables: wanted,
    partitions,
    parts: [...partitions, ...scans],
    phase: 'handing-over',
    requestedAtMs: nowMs,
  }
  return { declared, adding }
}

/** Why the product may not be ingested with the tables as they are: one sentence each. */
export function declaringProblems(state: TablesState, product: Product): readonly string[] {
  const { declared: before, building, kept } = state
  if (before === null) return []
  const problems: string[] = []
  const tables = declaredTables(product)
  const gone = before.tables.filter(({ name }) => !has(tables, name)).map(({ name }) => name)
  if (gone.length > 0 && !isNewer(product.version, before.version)) {
    problems.push(
      `It lacks ${gone.join(', ')}, which version ${before.version} declares and which would miss what this version writes: ` +
        `start version ${before.version}, or leave tables out in a version greater than it.`,
    )
  }
  const merged = mergedBases(product)
  const blind = before.readsBase.filter((base) => has(tables, base) && !merged.includes(base))
  if (blind.length > 0) {
    problems.push(
      `It writes ${blind.join(', ')} without reading first, which version ${before.version} does not: start version ${before.version}.`,
    )
  }
  const again = tables.filter(({ name }) => before.former.includes(name)).map(({ name }) => name)
  if (again.length > 0) {
    problems.push(
      `It declares ${again.join(', ')} again, which a version before had left out and whose rows are old: declare the table under another name.`,
    )
  }
  const fills = tables.filter((table) => isToFill(before, table)).map(({ name }) => name)
  if (fills.length > 0 && building !== null) {
    problems.push(
      `It declares ${fills.join(', ')} while generation ${building.generation} of the tables is being built: ` +
        `wait for that, or give it up (meshgate replay ${productKey(product)} --abandon).`,
    )
  } else if (fills.length > 0 && kept !== null) {
    problems.push(`It declares ${fills.join(', ')} while readers change over to generation ${state.live}: try again.`)
  }
  return problems
}

/** Whether a process of this version of the product must leave its records to others; the version that has the word then. */
export function supersededBy({ declared }: TablesState, product: Product): string | null {
  if (declared === null) return null
  const own = declaredTables(product)
  const merged = mergedBases(product)
  const lacks = declared.tables.some(({ name, base }) => has(own, base) && !has(own, name))
  const writesBlind = declared.readsBase.some((base) => has(own, base) && !merged.includes(base))
  return lacks || writesBlind ? declared.version : null
}

/** Names of the tables that have every row. */
export function wholeTables({ declared, adding }: TablesState): readonly string[] {
  const filling = adding?.tables ?? []
  return (declared?.tables ?? []).map(({ name }) => name).filter((name) => !has(filling, name))
}

/** A further table that is new, of an entity that was there. */
function isToFill(before: Declared, { name, base }: DeclaredTable): boolean {
  return name !== base && !has(before.tables, name) && has(before.tables, base)
}

function mergedBases({ entities }: Product): readonly string[] {
  return entities.flatMap(({ source, tables: [base], readsBase }) =>
    source !== null && base !== undefined && readsBase ? [base.name] : [],
  )
}

function has(tables: readonly DeclaredTable[], wanted: string): boolean {
  return tables.some(({ name }) => name === wanted)
}

function isNewer(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) > 0
}
