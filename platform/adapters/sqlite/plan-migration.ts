// Decides what a migration changes, before anything is: the catalog afterwards, or every reason why it is refused. Pure.
import type { ColumnType, TableDefinition } from '../../../schema/tables.ts'
import { migrationRefusals } from '../../table-migration.ts'
import type { Catalog, CatalogIndex, CatalogTable } from './catalog.ts'

export interface MigrationPlan {
  readonly catalog: Catalog
  /** Indexes to build from the rows that are there. None is ever dropped: migrations add only, as the port says. */
  readonly build: readonly { readonly table: string; readonly index: number }[]
  /** Columns whose values become those of a wider type. */
  readonly widen: readonly { readonly table: string; readonly column: string; readonly type: ColumnType }[]
}

/** The plan, or the refusals: one sentence each, naming table, column and what to do. Null where nothing changes. */
export function planMigration(
  catalog: Catalog,
  wanted: readonly TableDefinition[],
  withRows: ReadonlySet<string>,
): { readonly plan: MigrationPlan | null } | { readonly refusals: readonly string[] } {
  const existing = new Map(catalog.tables.map((table) => [table.definition.name, table]))
  const definitions = new Map(catalog.tables.map(({ definition }) => [definition.name, definition]))
  const refusals = migrationRefusals(definitions, wanted, withRows)
  if (refusals.length > 0) return { refusals }

  let nextId = catalog.nextId
  const build: { table: string; index: number }[] = []
  const widen: { table: string; column: string; type: ColumnType }[] = []
  const tables = new Map(existing)
  for (const definition of wanted) {
    const before = existing.get(definition.name)
    const id = before?.id ?? nextId++
    const kept = before?.indexes ?? []
    const missing = definition.indexes.filter((column) => !kept.some((index) => index.column === column))
    const added = missing.map((column): CatalogIndex => ({ id: nextId++, column }))
    build.push(...added.map((index) => ({ table: definition.name, index: index.id })))
    const indexes = [...kept, ...added]
    const types = new Map(before?.definition.columns.map((column) => [column.name, column.type]))
    for (const { name, type } of definition.columns) {
      if ((types.get(name) ?? type) !== type) widen.push({ table: definition.name, column: name, type })
    }
    tables.set(definition.name, { id, definition, indexes } satisfies CatalogTable)
  }
  const after: Catalog = { shards: catalog.shards, nextId, tables: [...tables.values()] }
  return { plan: JSON.stringify(after) === JSON.stringify(catalog) ? null : { catalog: after, build, widen } }
}

/** The plan without the tables; null where none of them is there. */
export function planDrop(catalog: Catalog, names: readonly string[]): MigrationPlan | null {
  const tables = catalog.tables.filter(({ definition }) => !names.includes(definition.name))
  return tables.length === catalog.tables.length ? null : { catalog: { ...catalog, tables }, build: [], widen: [] }
}
