// What only Cassandra has: how large a write may be, what time to live does to write times, who is warned of what.
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import { limits } from '../../platform/limits.ts'
import { defineTable, put, type TableShape } from '../conformance/store/harness.ts'
import { cassandraAddress, describeServers } from '../servers/test-servers.ts'
import { dropKeyspace, newKeyspace, openStore } from './cassandra-harness.ts'

const SHAPE = {
  columns: { id: 'text', part: 'int', name: 'text', count: 'int' },
  partitionKey: ['id'],
  clusteringKey: ['part'],
} as const satisfies TableShape

describeServers('writes to a real server', () => {
  const keyspace = newKeyspace()
  let address: string
  let store: CassandraStore
  beforeAll(async () => {
    address = await cassandraAddress()
    store = await openStore(address, keyspace)
    await store.migrate([defineTable('rows', SHAPE), defineTable('ending', { ...SHAPE, ttlMs: 3_600_000 })])
  }, 120_000)
  afterAll(async () => {
    await store.close()
    await dropKeyspace(address, keyspace)
  })

  it('take an atomic write of megabytes and thousands of rows', async () => {
    const rows = Array.from({ length: 5_000 }, (_, part) =>
      put('rows', { id: 'large', part, name: 'x'.repeat(1_000) }, 1),
    )
    await store.writeAtomic(rows)
    const last = await store.page('rows', { partition: { id: 'large' }, limit: 1, order: 'REVERSE' })
    expect(last).toEqual({ rows: [rows.at(-1)?.row], more: true })
  })

  it('refuse what is larger, saying how much may be given, with nothing written', async () => {
    const big = 'x'.repeat(limits.storeMutationBytesMax / 4)
    const atomic = [1, 2, 3, 4].map((part) => put('rows', { id: 'too large', part, name: big }, 1))
    const many = Array.from({ length: 65_536 }, (_, part) => put('rows', { id: 'too many', part }, 1))
    const one = [put('rows', { id: 'too large', part: 1, name: big.repeat(4) }, 1)]
    for (const call of [store.writeAtomic(atomic), store.writeAtomic(many), store.write(one)]) {
      const failure: unknown = await call.catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'STORE_ROW_INVALID', retryable: false })
      expect(String(failure)).toContain(String(limits.storeMutationBytesMax))
    }
    for (const id of ['too large', 'too many']) {
      expect(await store.page('rows', { partition: { id }, limit: 1 })).toEqual({ rows: [], more: false })
    }
  })

  it('of thousands of rows in one call go through, however they lie in partitions', async () => {
    const rows = Array.from({ length: 12_000 }, (_, at) =>
      put('rows', { id: `many ${at % 37}`, part: at, name: `name ${at}`, count: at }, 1),
    )
    await store.write(rows)
    const found = await store.read(
      'rows',
      rows.filter((_, at) => at % 3 === 0).map(({ row }) => row),
    )
    expect(found.map((stored) => stored?.row)).toEqual(rows.filter((_, at) => at % 3 === 0).map(({ row }) => row))
  })

  it('that have ended still win over older ones', async () => {
    const key = { id: 'ended', part: 1 }
    const now = Date.now() * 1_000
    const hour = 3_600_000_000
    await store.write([put('ending', { ...key, name: 'ended' }, now - hour - 1)])
    // In a store of an hour ago this would have been hidden by the one above; now both are over, and what is left is newer.
    await store.write([put('ending', { ...key, name: 'older', count: 1 }, now - 2 * hour)])
    expect(await store.read('ending', [key])).toEqual([null])
    await store.write([
      { ...put('ending', { ...key, name: 'a', count: 2 }, now), writeTimes: { name: now - hour - 2 } },
    ])
    expect(await store.read('ending', [key], { writeTimes: true })).toEqual([
      { row: { ...key, count: 2 }, writeTimes: { count: now } },
    ])
  })

  it('of values are as large as they are small, exactly', async () => {
    const columns = { id: 'text', amount: 'decimal', big: 'bigint', ratio: 'double' } as const
    await store.migrate([defineTable('numbers', { columns, partitionKey: ['id'] })])
    const digits = '1234567890'.repeat(12)
    // 128 digits, as many as a decimal may have.
    const rows = [
      { id: '1', amount: `-${digits}.12345671`, big: '-9223372036854775808', ratio: Number.MIN_VALUE },
      { id: '2', amount: `0.${'0'.repeat(100)}1`, big: '9223372036854775807', ratio: Number.MAX_VALUE },
      { id: '3', amount: digits, big: '0', ratio: 0 },
    ]
    await store.write(rows.map((row) => put('numbers', row, 1)))
    expect(await store.read('numbers', rows)).toEqual(rows.map((row) => ({ row })))
  })

  it('are warned of when few copies of a row are kept, or not synced', async () => {
    const lines: string[] = []
    const logger = pino({ level: 'warn' }, { write: (line) => void lines.push(line) })
    const other = await openStore(address, keyspace, { logger, consistency: 'ONE' })
    await other.close()
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
    expect(messages).toEqual([expect.stringContaining(`Cassandra keeps one copy of each row of keyspace ${keyspace}:`)])
  })

  it.each(['ONE', 'LOCAL_ONE', 'QUORUM', 'LOCAL_QUORUM', 'EACH_QUORUM', 'ALL'] as const)(
    'are read again at consistency %s',
    async (consistency) => {
      const other = await openStore(address, keyspace, { consistency })
      const row = { id: consistency, part: 1, name: 'a' }
      await other.write([put('rows', row, 1)])
      expect(await other.read('rows', [row])).toEqual([{ row }])
      await other.close()
    },
  )
})
