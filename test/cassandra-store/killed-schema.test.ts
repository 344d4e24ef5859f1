// A node that is killed in the middle of a change of the schema lists what it was making, and refuses to use it: it knows what it had flushed,
// and reads its commit log later. Here changes of the schema are flushed by a clean stop only: what follows it is killed in the middle.
import { beforeAll, expect, it } from 'vitest'
import { createCatalog } from '../../platform/adapters/cassandra/table-catalog.ts'
import { addColumns, createIndex, emitCql, indexedColumns } from '../../schema/emit/emit-cql.ts'
import type { ColumnDefinition, TableDefinition } from '../../schema/tables.ts'
import { defineTable, put } from '../conformance/store/harness.ts'
import { describeServers, type OwnServer, startOwnCassandra } from '../servers/test-servers.ts'
import { newKeyspace, openStore, withDriver } from './cassandra-harness.ts'

const narrow = defineTable('people', { columns: { id: 'text', name: 'text' }, partitionKey: ['id'] })
const wide = defineTable('people', {
  columns: { id: 'text', name: 'text', city: 'text' },
  partitionKey: ['id'],
  indexes: ['city'],
})
const city = indexedColumns(wide) as [ColumnDefinition]

interface Killed {
  readonly what: string
  /** What it had flushed: the store's keyspace with its catalog, and the table. */
  readonly known: 'nothing' | 'catalog' | TableDefinition
  /** Statements that it had carried out since. */
  readonly since: (keyspace: string) => readonly string[]
  readonly tables: readonly string[]
}

const makeKeyspace = (keyspace: string): string =>
  `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`

const KILLED: readonly Killed[] = [
  {
    what: 'the keyspace',
    known: 'nothing',
    since: (keyspace) => [makeKeyspace(keyspace)],
    tables: [],
  },
  {
    what: 'the keyspace, its catalog, a table and its index',
    known: 'nothing',
    since: (keyspace) => [makeKeyspace(keyspace), createCatalog(keyspace), ...emitCql([wide], keyspace)],
    tables: ['meshgate_catalog', 'people'],
  },
  {
    what: 'a table and its index',
    known: 'catalog',
    since: (keyspace) => emitCql([wide], keyspace),
    tables: ['meshgate_catalog', 'people'],
  },
  {
    what: 'a column and its index',
    known: narrow,
    since: (keyspace) => [addColumns(wide, city, keyspace), createIndex(wide, city[0], keyspace)],
    tables: ['meshgate_catalog', 'people'],
  },
  {
    what: 'an index',
    known: { ...wide, indexes: [] },
    since: (keyspace) => [createIndex(wide, city[0], keyspace)],
    tables: ['meshgate_catalog', 'people'],
  },
]

describeServers('what a killed node lists and does not know', () => {
  const keyspaces = new Map(KILLED.map((killed) => [killed, newKeyspace()]))
  let server: OwnServer

  beforeAll(async () => {
    server = await startOwnCassandra({ losesSchema: true })
    for (const [{ known }, keyspace] of keyspaces) {
      if (known === 'nothing') continue
      const store = await openStore(server.address, keyspace)
      if (known !== 'catalog') await store.migrate([known])
      await store.close()
    }
    await server.stop()
    await server.start()
    await withDriver(server.address, async (driver) => {
      for (const [{ since }, keyspace] of keyspaces)
        for (const statement of since(keyspace)) await driver.execute(statement)
    })
    await server.kill()
    await server.start()
  }, 300_000)

  it.each(KILLED)(
    '$what is made again',
    async (killed) => {
      const keyspace = keyspaces.get(killed) ?? ''
      expect(await listedTables(server.address, keyspace)).toEqual(killed.tables)
      const store = await openStore(server.address, keyspace)
      await store.migrate([wide])
      const row = { id: '1', name: 'Ada', city: 'London' }
      await store.write([put('people', row, 1)])
      const london = await store.byIndex('people', { column: 'city', value: 'London', limit: 2 })
      expect(london.rows).toEqual([row])
      await store.close()
    },
    120_000,
  )
})

function listedTables(address: string, keyspace: string): Promise<string[]> {
  return withDriver(address, async (driver) => {
    const query = 'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?'
    return (await driver.execute(query, [keyspace])).rows.map((row) => String(row['table_name'])).toSorted()
  })
}
