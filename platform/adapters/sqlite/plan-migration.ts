// Decides what a migration changes, before anything is: the catalog afterwards, or every reason why it is refused. Pure.
import type { ColumnType, TableDefinition } from '../../../schema/tables.ts'
import type { Catalog, CatalogIndex, CatalogTable } from './catalog.ts'

export interface MigrationPlan {
  readonly catalog: Catalog
  /** Indexes to build from the rows that are there. None is ever dropped: migrations add only, as the port says. */
  readonly build: readonly { readonly table: string; readonly index: number }[]
}

const NO_KEY: ReadonlySet<ColumnType> = new Set(['json', 'double', 'boolean'])

/** The plan, or the refusals: one sentence each, naming table, column and what to do. Null where nothing changes. */
export function planMigration(
  catalog: Catalog,
  wanted: readonly TableDefinition[],
): { readonly plan: MigrationPlan | null } | { readonly refusals: readonly string[] } {
  const existing = new Map(catalog.tables.map((table) => [table.definition.name, table]))
  const refusals = [
    ...repeatedNames(wanted),
    ...wanted.flatMap((definition) => brokenDefinition(definition)),
    ...wanted.flatMap((definition) => {
      const table = existing.get(definition.name)
      return table === undefined ? [] : lossyChanges(table.definition, definition)
    }),
  ]
  if (refusals.length > 0) return { refusals }

  let nextId = catalog.nextId
  const build: { table: string; index: number }[] = []
  const tables = new Map(existing)
  for (const definition of wanted) {
    const before = existing.get(definition.name)
    const id = before?.id ?? nextId++
    const kept = before?.indexes ?? []
    const missing = definition.indexes.filter((column) => !kept.some((index) => index.column === column))
    const added = missing.map((column): CatalogIndex => ({ id: nextId++, column }))
    build.push(...added.map((index) => ({ table: definition.name, index: index.id })))
    const indexes = [...kept, ...added]
    tables.set(definition.name, { id, definition, indexes } satisfies CatalogTable)
  }
  const after: Catalog = { shards: catalog.shards, nextId, tables: [...tables.values()] }
  return { plan: JSON.stringify(after) === JSON.stringify(catalog) ? null : { catalog: after, build } }
}

function repeatedNames(wanted: readonly TableDefinition[]): string[] {
  const names = wanted.map((table) => table.name)
  const repeated = new Set(names.filter((name, at) => names.indexOf(name) !== at))
  return [...repeated].map((name) => `Table ${name} is defined twice: give one of them another name.`)
}

function brokenDefinition(table: TableDefinition): string[] {
  const types = new Map(table.columns.map((column) => [column.name, column.type]))
  const keys = [...table.partitionKey, ...table.clusteringKey.map((part) => part.column)]
  const problems: string[] = []
  if (table.partitionKey.length === 0)
    problems.push(`Table ${table.name} has no partition key: name at least one column.`)
  if (types.size !== table.columns.length) problems.push(`Table ${table.name} has a column twice: name each once.`)
  for (const column of keys) {
    const type = types.get(column)
    if (type === undefined) problems.push(`Table ${table.name} has no column ${column}, which its key names: add it.`)
    else if (NO_KEY.has(type)) {
      problems.push(`Column ${column} of table ${table.name} is ${type}, which no key may be: choose another column.`)
    }
  }
  if (new Set(keys).size !== keys.length)
    problems.push(`The key of table ${table.name} has a column twice: name each once.`)
  for (const column of table.indexes) {
    const type = types.get(column)
    if (type === undefined || type === 'json') {
      problems.push(`Column ${column} of table ${table.name} cannot be indexed: index a column of a scalar type.`)
    }
  }
  return problems
}

function lossyChanges(before: TableDefinition, after: TableDefinition): string[] {
  const anew = `keep it as it was, or add a table under a new name and replay into it.`
  const columns = new Map(after.columns.map((column) => [column.name, column]))
  const problems: string[] = []
  if (before.owner !== after.owner) {
    problems.push(`Table ${before.name} belongs to ${before.owner}, not to ${after.owner}: choose another name.`)
  }
  for (const column of before.columns) {
    const now = columns.get(column.name)
    const where = `Column ${column.name} of table ${before.name}`
    if (now === undefined) problems.push(`${where} would be dropped: ${anew}`)
    else if (now.type !== column.type) problems.push(`${where} would turn from ${column.type} to ${now.type}: ${anew}`)
    else if (now.cqlName !== column.cqlName) {
      problems.push(`${where} would be called ${now.cqlName} instead of ${column.cqlName} in CQL: ${anew}`)
    }
  }
  const keyBefore = keyText(before)
  const keyAfter = keyText(after)
  if (keyBefore !== keyAfter) {
    problems.push(`The key of table ${before.name} would turn from ${keyBefore} to ${keyAfter}: ${anew}`)
  }
  return problems
}

function keyText(table: TableDefinition): string {
  const clustering = table.clusteringKey.map((part) => `, ${part.column} ${part.order}`).join('')
  return `((${table.partitionKey.join(', ')})${clustering})`
}
