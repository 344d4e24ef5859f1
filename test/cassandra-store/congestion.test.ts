// A node that has too much to do: it refuses reads, and writes that it may have applied all the same.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { CassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import { limits } from '../../platform/limits.ts'
import { defineTable, put, type TableShape } from '../conformance/store/harness.ts'
import { cassandraAddress, describeServers } from '../servers/test-servers.ts'
import { RefusingProxy } from './refusing-proxy.ts'
import { dropKeyspace, newKeyspace, openStore } from './cassandra-harness.ts'

const SHAPE = {
  columns: { id: 'text', name: 'text' },
  partitionKey: ['id'],
  clusteringKey: [],
} as const satisfies TableShape

describeServers('a node that has too much to do', () => {
  const keyspace = newKeyspace()
  let address: string
  let proxy: RefusingProxy
  let store: CassandraStore
  beforeAll(async () => {
    address = await cassandraAddress()
    proxy = await RefusingProxy.start(address)
    store = await openStore(proxy.address, keyspace)
    await store.migrate([defineTable('rows', SHAPE)])
    // Statements are prepared: what follows is writes alone.
    await store.write([put('rows', { id: 'first', name: 'first' }, 1)])
  }, 120_000)
  afterAll(async () => {
    await store.close()
    proxy.close()
    await dropKeyspace(address, keyspace)
  })
  beforeEach(() => {
    proxy.replaced = 0
  })

  for (const answer of ['overloaded', 'writeTimeout'] as const) {
    it(`gets again what it refused (${answer}), a little later, and what it applied before changes nothing`, async () => {
      const rows = Array.from({ length: 50 }, (_, at) => put('rows', { id: `${answer} ${at}`, name: `name ${at}` }, 5))
      proxy.replaceNext(3, answer)
      await store.write(rows)
      expect(proxy.replaced).toBe(3)
      const found = await store.read(
        'rows',
        rows.map(({ row }) => ({ id: row['id'] ?? '' })),
        { writeTimes: true },
      )
      expect(found).toEqual(rows.map(({ row }) => ({ row, writeTimes: { name: 5 } })))
    })
  }

  it('is given up after some attempts, with an error that may be retried', async () => {
    proxy.replaceNext(limits.storeWriteAttemptsMax, 'overloaded')
    const failure: unknown = await store
      .write([put('rows', { id: 'given up', name: 'a' }, 1)])
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'STORE_OVERLOADED', retryable: true })
    expect(proxy.replaced).toBe(limits.storeWriteAttemptsMax)
    await store.write([put('rows', { id: 'given up', name: 'b' }, 2)])
    expect(await store.read('rows', [{ id: 'given up' }])).toEqual([{ row: { id: 'given up', name: 'b' } }])
  })

  for (const answer of ['overloaded', 'readTimeout'] as const) {
    it(`is asked once more for what it did not get through (${answer})`, async () => {
      const rows = Array.from({ length: 40 }, (_, at) => put('rows', { id: `read ${at}`, name: `name ${at}` }, 5))
      await store.write(rows)
      const keys = rows.map(({ row }) => ({ id: row['id'] ?? '' }))
      await store.read('rows', keys)
      proxy.replaceNext(1, answer)
      expect(await store.read('rows', keys)).toEqual(rows.map(({ row }) => ({ row })))
      expect(proxy.replaced).toBe(1)
    })
  }

  it('is not asked for a row for ever', async () => {
    await store.read('rows', [{ id: 'first' }])
    proxy.replaceNext(limits.storeReadAttemptsMax, 'readTimeout')
    const failure: unknown = await store.read('rows', [{ id: 'first' }]).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
    expect(proxy.replaced).toBe(limits.storeReadAttemptsMax)
  })
})
