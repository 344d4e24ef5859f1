// Finds or makes the store's keyspace and catalog, and tells of settings that risk acknowledged rows.
import type { Logger } from 'pino'
import { cqlIdentifier } from '../../../schema/emit/emit-cql.ts'
import { MeshgateError } from '../../errors.ts'
import {
  isMissing,
  isUsable,
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
      `Cassandra keeps ${replication === 1 ? 'one copy' : `${replication} copies`} of each row of keyspace ${keyspace}: a node that is lost may take rows with it. ` +
        'Run three nodes, then alter the keyspace to three copies and repair it.',
    )
  }
  if (!(await isUsable(context, `SELECT name FROM ${cqlIdentifier(keyspace)}.${CATALOG_TABLE} LIMIT 1`))) {
    await makeCatalog(context, options)
  }
  // Also where another process has just made it: nodes that lack it do not answer, and a read of it waits for them in vain.
  await schemaAgreement(context)
  const values = await nodeSettings(context, logger)
  if (values.get('commitlog_sync') === 'periodic') {
    logger.warn(
      { keyspace, replication },
      "Cassandra's commitlog_sync is periodic: a node that is killed loses acknowledged rows of some seconds, for good where no other node has them. Set it to batch or group.",
    )
  }
  return values.get('storage_compatibility_mode') === 'NONE'
}

async function makeCatalog(context: SchemaContext, options: KeyspaceOptions): Promise<void> {
  const { client, keyspace } = context
  const make = () => client.define(createCatalog(keyspace))
  try {
    await make()
  } catch (error) {
    if (!isMissing(error)) throw error
    // Another process is making the keyspace, or a node was killed while it did (usable-tables.ts).
    await createKeyspace(context, options)
    await onceLoaded(context, make)
  }
}

/** Empty where our user may not see them: they are for warnings, and without them ends of life stay before 2038. */
async function nodeSettings({ client }: SchemaContext, logger: Logger): Promise<ReadonlyMap<string, string>> {
  try {
    const { rows } = await client.local(
      "SELECT name, value FROM system_views.settings WHERE name IN ('commitlog_sync', 'storage_compatibility_mode')",
    )
    return new Map(rows.map((row) => [String(row['name']), String(row['value'])]))
  } catch (error) {
    const isHidden = error instanceof MeshgateError && HIDDEN_CODES.has(error.code)
    if (!isHidden) throw error
    logger.debug({ err: error }, 'the settings of Cassandra cannot be seen')
    return new Map()
  }
}

/** Without the right, or where a service in place of Cassandra has no such table. */
const HIDDEN_CODES: ReadonlySet<string> = new Set(['STORE_ACCESS_DENIED', 'STORE_REQUEST_INVALID'])

async function createKeyspace(context: SchemaContext, options: KeyspaceOptions): Promise<number> {
  const { client, keyspace } = context
  const replication = options.replication ?? Math.max(1, Math.min(REPLICATION_WANTED, client.nodeCount))
  const dataCenter = client.dataCenter.replaceAll("'", "''")
  await client.define(
    `CREATE KEYSPACE IF NOT EXISTS ${cqlIdentifier(keyspace)} WITH replication = ` +
      `{'class': 'NetworkTopologyStrategy', '${dataCenter}': ${replication}}`,
  )
  await schemaAgreement(context)
  return replication
}
