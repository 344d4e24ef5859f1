// Migrations on a real server: several processes at once, locks left behind, and what somebody else made.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TableCatalog } from '../../platform/adapters/cassandra/table-catalog.ts'
import { CassandraClient } from '../../platform/adapters/cassandra/cassandra-client.ts'
import type { CassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { emitCql } from '../../schema/emit/emit-cql.ts'
import { defineTable, put } from '../conformance/store/harness.ts'
import { cassandraAddress, describeServers } from '../servers/test-servers.ts'
import { dropKeyspace, newKeyspace, openStore, withDriver } from './cassandra-harness.ts'

const SHAPE = { columns: { id: 'text', name: 'text' }, partitionKey: ['id'] } as const
const keyspaces: string[] = []
/** Each lightweight transaction of one partition makes the others begin again: some of them run out of time (1.8 s). */
const ASKING_AT_ONCE = 100
let address: string

function ownKeyspace(): string {
  const keyspace = newKeyspace()
  keyspaces.push(keyspace)
  return keyspace
}

/** The tables of a keyspace as the server has them. */
const tablesOf = (keyspace: string): Promise<string[]> =>
  withDriver(address, async (driver) => {
    const query = 'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?'
    return (await driver.execute(query, [keyspace])).rows.map((row) => String(row['table_name'])).toSorted()
  })

async function withStore<T>(keyspace: string, work: (store: CassandraStore) => Promise<T>): Promise<T> {
  const store = await openStore(address, keyspace)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

describeServers('migrations on a real server', () => {
  beforeAll(async () => {
    address = await cassandraAddress()
  }, 120_000)
  afterAll(async () => {
    for (const keyspace of keyspaces) await dropKeyspace(address, keyspace)
  })

  describe('processes that migrate at the same time', () => {
    it('make each of the same 20 tables once, and all can use them', async () => {
      const keyspace = ownKeyspace()
      const children = [1, 2, 3].map(() =>
        fork(new URL('./migrating-child.ts', import.meta.url), [address, keyspace, '20'], { stdio: 'inherit' }),
      )
      const ended = await Promise.all(children.map((child) => once(child, 'exit')))
      expect(ended.map(([code]) => code as unknown)).toEqual([0, 0, 0])
      const names = Array.from({ length: 20 }, (_, at) => `shared_${at}`)
      expect(await tablesOf(keyspace)).toEqual(['meshgate_catalog', ...names].toSorted())
      await withStore(keyspace, async (store) => {
        for (const name of names) {
          const { rows } = await store.scan(name, { limit: 10 })
          // One row of each child.
          expect(rows).toHaveLength(3)
        }
      })
    }, 180_000)

    it('open a keyspace that is not there yet, all of them', async () => {
      const keyspace = ownKeyspace()
      const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(address, keyspace)))
      const secrets = await Promise.all(
        stores.map((store, at) => store.sharedSecret('cursor', () => Uint8Array.of(at, 1, 2))),
      )
      expect(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size).toBe(1)
      await Promise.all(stores.map((store) => store.close()))
      const again = await withStore(keyspace, (store) => store.sharedSecret('cursor', () => Uint8Array.of(9)))
      expect(again).toEqual(secrets[0])
    }, 120_000)

    it('share a secret, also where so many ask for it that the servers cannot decide in time', async () => {
      await withStore(ownKeyspace(), async (store) => {
        const asked = Array.from({ length: ASKING_AT_ONCE }, (_, at) => at)
        const secrets = await Promise.all(asked.map((at) => store.sharedSecret('cursor', () => Uint8Array.of(at))))
        expect(new Set(secrets.map(([at]) => at)).size).toBe(1)
      })
    }, 120_000)
  })

  describe('the lock of migrations', () => {
    it('that a dead process left is waited out', async () => {
      const keyspace = ownKeyspace()
      await withStore(keyspace, async (store) => {
        const client = new CassandraClient({
          contactPoints: [address],
          clock: systemClock,
          logger: pino({ level: 'silent' }),
        })
        await client.connect()
        const catalog = new TableCatalog(client, keyspace)
        await catalog.insert('lock', 'migration', { value: 'a dead process', ttlSeconds: 3 })
        const startedAt = performance.now()
        await store.migrate([defineTable('late', SHAPE)])
        expect(performance.now() - startedAt).toBeGreaterThan(1_500)
        expect(await catalog.value('lock', 'migration')).toBeNull()
        await client.close()
      })
    }, 120_000)

    it('is not taken where nothing is to be done', async () => {
      const keyspace = ownKeyspace()
      const table = defineTable('once', { ...SHAPE, indexes: ['name'] })
      await withStore(keyspace, async (store) => {
        await store.migrate([table])
        const client = new CassandraClient({
          contactPoints: [address],
          clock: systemClock,
          logger: pino({ level: 'silent' }),
        })
        await client.connect()
        const catalog = new TableCatalog(client, keyspace)
        await catalog.insert('lock', 'migration', { value: 'somebody', ttlSeconds: 60 })
        await store.migrate([table])
        await store.migrate([{ ...table, indexes: [] }])
        expect(await catalog.value('lock', 'migration')).toBe('somebody')
        await client.close()
      })
    }, 120_000)
  })

  describe('a table of the keyspace', () => {
    it('made by what emitCql prints is taken as it is', async () => {
      const keyspace = ownKeyspace()
      const table = defineTable('printed', {
        columns: { id: 'text', select: 'int', at: 'timestamp', amount: 'decimal', any: 'json' },
        partitionKey: ['id', 'select'],
        clusteringKey: ['at desc', 'amount'],
        indexes: ['amount', 'id'],
        ttlMs: 60_000,
      })
      await withStore(keyspace, async (store) => {
        await withDriver(address, async (driver) => {
          for (const statement of emitCql([table], keyspace)) await driver.execute(statement)
        })
        const row = { id: '1', select: 1, at: '2026-01-01T00:00:00.000Z', amount: '1.5', any: [1] }
        await store.migrate([table])
        await store.write([put('printed', row, Date.now() * 1_000)])
        expect((await store.scan('printed', { limit: 2 })).rows).toEqual([row])
      })
    }, 120_000)

    it('that an interrupted migration left half made is completed', async () => {
      const keyspace = ownKeyspace()
      await withStore(keyspace, async (store) => {
        await withDriver(address, (driver) => driver.execute(`CREATE TABLE ${keyspace}.half (id text PRIMARY KEY)`))
        await store.migrate([defineTable('half', { ...SHAPE, indexes: ['name'] })])
        await store.write([put('half', { id: '1', name: 'a' }, 1)])
        const found = await store.byIndex('half', { column: 'name', value: 'a', limit: 2 })
        expect(found).toEqual({ rows: [{ id: '1', name: 'a' }], more: false })
      })
    }, 120_000)

    it('that somebody else made otherwise is refused, with every difference, and nothing is changed', async () => {
      const keyspace = ownKeyspace()
      await withStore(keyspace, async (store) => {
        await withDriver(address, (driver) =>
          driver.execute(`CREATE TABLE ${keyspace}.theirs (id int, name int, PRIMARY KEY (id, name))`),
        )
        const failure: unknown = await store
          .migrate([defineTable('ours', SHAPE), defineTable('theirs', SHAPE)])
          .catch((error: unknown) => error)
        expect(failure).toMatchObject({ code: 'STORE_MIGRATION_REFUSED' })
        for (const part of ['id of table theirs is int', 'name of table theirs is int', '((id), name ASC)']) {
          expect(String(failure)).toContain(part)
        }
        expect(await tablesOf(keyspace)).toEqual(['meshgate_catalog', 'theirs'])
      })
    }, 120_000)

    it('has its indexes though their names would meet those of another table', async () => {
      const keyspace = ownKeyspace()
      const meeting = [
        defineTable('a', { columns: { id: 'text', b_c: 'text' }, partitionKey: ['id'], indexes: ['b_c'] }),
        defineTable('a_b', { columns: { id: 'text', c: 'text' }, partitionKey: ['id'], indexes: ['c'] }),
      ]
      await withStore(keyspace, async (store) => {
        await store.migrate(meeting)
        await store.write([put('a', { id: '1', b_c: 'x' }, 1), put('a_b', { id: '2', c: 'x' }, 1)])
        const found = await Promise.all([
          store.byIndex('a', { column: 'b_c', value: 'x', limit: 2 }),
          store.byIndex('a_b', { column: 'c', value: 'x', limit: 2 }),
        ])
        expect(found.map(({ rows }) => rows[0]?.['id'])).toEqual(['1', '2'])
      })
    }, 120_000)

    it('cannot have rows that end when Cassandra cannot count any more', async () => {
      const keyspace = ownKeyspace()
      await withStore(keyspace, async (store) => {
        const years = (count: number): number => count * 31_536_000_000
        const tables = [19, 21].map((count) => defineTable(`years_${count}`, { ...SHAPE, ttlMs: years(count) }))
        const failure: unknown = await store.migrate(tables).catch((error: unknown) => error)
        expect(failure).toMatchObject({ code: 'STORE_MIGRATION_REFUSED' })
        for (const part of ['years_19 would end after January 2038', 'years_21 is longer']) {
          expect(String(failure)).toContain(part)
        }
      })
    }, 120_000)
  })
})
