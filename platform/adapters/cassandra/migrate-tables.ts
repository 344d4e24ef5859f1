// Brings the keyspace to the tables wanted: refused whole with every reason, or done step by step, each step repeatable. The catalog has
// a table once all of it stands: who reads it there can use it.
import { cqlIdentifier } from '../../../schema/emit/emit-cql.ts'
import type { TableDefinition } from '../../../schema/tables.ts'
import { invariant, MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { gainsRequired, migrationRefusals } from '../../table-migration.ts'
import { existingTables, indexesBuilt, onceDecided, type SchemaContext, schemaAgreement } from './keyspace-schema.ts'
import { type LockContext, underMigrationLock } from './migration-lock.ts'
import { withKept } from './physical-columns.ts'
import { type SchemaChange, schemaChange, unservable } from './schema-changes.ts'
import { usableTable } from './usable-tables.ts'

export interface MigrationContext extends SchemaContext, LockContext {
  /** Whether this Cassandra keeps cells that end after January 2038. */
  readonly expiresAfter2038: boolean
}

type Tables = ReadonlyMap<string, TableDefinition>

/** The store's tables afterwards. STORE_MIGRATION_REFUSED with nothing changed. */
export async function migrateTables(context: MigrationContext, wanted: readonly TableDefinition[]): Promise<Tables> {
  // Others may be migrating at this moment.
  const before = await onceDecided(context, () => context.catalog.tables(), limits.storeContentionWaitMs)
  // Mostly nothing is to be done: every process migrates when it starts.
  if ((await changedTables(context, before, wanted)).length === 0) return before
  return underMigrationLock(context, async (renew) => {
    await schemaAgreement(context)
    const known = await onceDecided(context, () => context.catalog.tables())
    const changed = await changedTables(context, known, wanted)
    const existing = await existingTables(context)
    const changes: { readonly definition: TableDefinition; readonly change: SchemaChange }[] = []
    for (const definition of changed) {
      const table = await usableTable(context, definition.name, existing.get(definition.name))
      await renew()
      changes.push({ definition, change: schemaChange(definition, table, context.keyspace) })
    }
    refuse(changes.flatMap(({ change }) => (change.kind === 'refused' ? change.refusals : [])))
    for (const { definition, change } of changes) {
      await applyChange(context, definition, { change, renew })
      await renew()
      const former = known.get(definition.name)
      if (await onceDecided(context, () => context.catalog.saveTable(definition, former))) continue
      const message = `Table ${definition.name} was migrated by another process at the same time: retry.`
      throw new MeshgateError('STORE_UNAVAILABLE', message)
    }
    return onceDecided(context, () => context.catalog.tables())
  })
}

async function applyChange(
  context: MigrationContext,
  definition: TableDefinition,
  { change, renew }: { readonly change: SchemaChange; readonly renew: () => Promise<void> },
): Promise<void> {
  invariant(change.kind === 'statements', 'refusals are thrown before')
  for (const statement of change.statements) {
    await renew()
    await context.client.define(statement)
    await schemaAgreement(context)
  }
  if (change.indexes.length > 0) await indexesBuilt(context, definition.name, change.indexes)
}

/** The definitions that the catalog does not have like that. */
async function changedTables(
  context: MigrationContext,
  known: Tables,
  wanted: readonly TableDefinition[],
): Promise<TableDefinition[]> {
  const nowMs = context.clock.now()
  const kept = wanted.map((definition) => withKept(definition, known.get(definition.name)))
  refuse([
    ...migrationRefusals(known, wanted, await withRows(context, gainsRequired(known, wanted))),
    ...kept.flatMap((definition) => unservable(definition, nowMs, context.expiresAfter2038)),
  ])
  return kept.filter((definition) => JSON.stringify(definition) !== JSON.stringify(known.get(definition.name)))
}

/** Of the tables, those that have rows. */
async function withRows({ client, keyspace }: SchemaContext, tables: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (const table of tables) {
    const { rows } = await client.select(`SELECT * FROM ${cqlIdentifier(keyspace)}.${cqlIdentifier(table)} LIMIT 1`, [])
    if (rows.length > 0) found.add(table)
  }
  return found
}

function refuse(refusals: readonly string[]): void {
  if (refusals.length > 0) throw new MeshgateError('STORE_MIGRATION_REFUSED', refusals.join('\n'))
}
