// Takes tables out of the keyspace: out of the catalog first, so that whoever reads it there finds the table whole or not at all.
import { cqlIdentifier } from '../../../schema/emit/emit-cql.ts'
import type { TableDefinition } from '../../../schema/tables.ts'
import { limits } from '../../limits.ts'
import { onceDecided, schemaAgreement } from './keyspace-schema.ts'
import type { MigrationContext } from './migrate-tables.ts'
import { underMigrationLock } from './migration-lock.ts'

/** The store's tables afterwards. */
export async function dropTables(
  context: MigrationContext,
  names: readonly string[],
): Promise<ReadonlyMap<string, TableDefinition>> {
  const { catalog, client, keyspace } = context
  const tables = () => onceDecided(context, () => catalog.tables(), limits.storeContentionWaitMs)
  return underMigrationLock(context, async (renew) => {
    await schemaAgreement(context)
    const known = await tables()
    for (const name of names) {
      const definition = known.get(name)
      await renew()
      if (definition !== undefined) {
        await onceDecided(context, () => catalog.remove('table', name, JSON.stringify(definition)))
      }
      // Also one that is not in the catalog any more: an attempt may have ended here.
      await client.define(`DROP TABLE IF EXISTS ${cqlIdentifier(keyspace)}.${cqlIdentifier(name)}`)
      await schemaAgreement(context)
    }
    return tables()
  })
}
