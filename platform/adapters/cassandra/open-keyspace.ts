// Finds or makes the store's keyspace and catalog, and tells of settings that risk acknowledged rows.
import type { Logger } from 'pino'
import { cqlIdentifier } from '../../../schema/emit/emit-cql.ts'
import { MeshgateError } from '../../errors.ts'
import {
  existingTables,
  keyspaceReplication,
  onceLoaded,
  type SchemaContext,
  schemaAgreement,
} from './keyspace-schema.ts'
import { CATALOG_TABLE, createCatalog } from './table-catalog.ts'

/** Copies of a row by which a node may be lost without loss. */
const REPLICATION_WANTED = 3
/** Names that Cassandra takes. */
const KEYSPACE_NAME = /^\w{1,48}$/

export interface KeyspaceOptions {
  /** Of a keyspace that is made; one that exists stays as it is. Unset: three, or as many as there are nodes. */
  readonly replication: number | undefined
  readonly logger: Logger
}

/** Whether cells may end after January 2038. */
export async function openKeyspace(context: SchemaContext, options: KeyspaceOptions): Promise<boolean> {
  const { client, keyspace } = context
  const { logger } = options
  if (!KEYSPACE_NAME.test(keyspace)) {
    const message = `Cassandra takes no keyspace named ${JSON.stringify(keyspace)}: give letters, digits and underscores, at most 48.`
    throw new MeshgateError('CONFIG_INVALID', message)
  }
  const replication = (await keyspaceReplication(client, keyspace)) ?? (await createKeyspace(context, options))
  if (replication < REPLICATION_WANTED) {
    logger.warn(
      { keyspace, replication },
      `keyspace ${keyspace} keeps ${replication} of each row: a node that is lost may take rows with it; have at least ${REPLICATION_WANTED}`,
    )
  }
  if (!(await existingTables(context)).has(CATALOG_TABLE)) {
    await onceLoaded(context, () => client.define(createCatalog(keyspace)))
    await schemaAgreement(context)
  }
  const settings = await client.local(
    "SELECT name, value FROM system_views.settings WHERE name IN ('commitlog_sync', 'storage_compatibility_mode')",
  )
  const values = new Map(settings.rows.map((row) => [String(row['name']), String(row['value'])]))
  if (values.get('commitlog_sync') === 'periodic') {
    logger.warn(
      { keyspace, replication },
      'commitlog_sync of Cassandra is periodic: a node that is killed loses up to some seconds of acknowledged rows, for good where no other node has them; set it to batch or group',
    )
  }
  return values.get('storage_compatibility_mode') === 'NONE'
}

async function createKeyspace(context: SchemaContext, options: KeyspaceOptions): Promise<number> {
  const { client, keyspace } = context
  const replication = options.replication ?? Math.max(1, Math.min(REPLICATION_WANTED, client.hosts.length))
  const dataCenter = client.dataCenter.replaceAll("'", "''")
  await client.define(
    `CREATE KEYSPACE IF NOT EXISTS ${cqlIdentifier(keyspace)} WITH replication = ` +
      `{'class': 'NetworkTopologyStrategy', '${dataCenter}': ${replication}}`,
  )
  await schemaAgreement(context)
  return replication
}
