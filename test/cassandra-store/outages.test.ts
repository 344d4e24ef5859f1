// What callers meet while their server is killed, hangs or is away: nothing acknowledged is lost, failures come in time and typed, and the
// same store goes on when the server is back.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { PutWrite } from '../../platform/ports/store.ts'
import { defineTable, put } from '../conformance/store/harness.ts'
import { describeServers, type OwnServer, startOwnCassandra } from '../servers/test-servers.ts'
import { newKeyspace, openStore } from './cassandra-harness.ts'

const WAIT_MS = 120_000
const COLUMNS = { id: 'text', part: 'int', name: 'text' } as const

let server: OwnServer
let store: CassandraStore
const keyspace = newKeyspace()

/** The code that the call rejects with, null where it resolves. */
const codeOf = (call: Promise<unknown>): Promise<string | null> =>
  call.then(
    () => null,
    (error: unknown) => (error instanceof MeshgateError ? error.code : String(error)),
  )

/** Waits until the store answers again. */
async function answering(): Promise<void> {
  for (const startedAt = performance.now(); (await codeOf(store.ping())) !== null; await sleep(100)) {
    if (performance.now() - startedAt > 60_000) throw new Error('The store does not recover.')
  }
}

describeServers('when a server fails', () => {
  beforeAll(async () => {
    server = await startOwnCassandra()
    store = await openStore(server.address, keyspace)
    await store.migrate([
      defineTable('rows', { columns: COLUMNS, partitionKey: ['id'] }),
      defineTable('parts', { columns: COLUMNS, partitionKey: ['id'], clusteringKey: ['part'] }),
    ])
  }, WAIT_MS)
  afterAll(() => store.close())

  it(
    'everything acknowledged is there after a SIGKILL in the middle of writes, and the store goes on',
    async () => {
      const acknowledged: PutWrite[] = []
      const killing: Promise<void>[] = []
      let failed: string | null = null
      const write = async (writer: number): Promise<void> => {
        for (let round = 0; failed === null; round += 1) {
          // Apart and in batches of a partition.
          const writes = Array.from({ length: 20 }, (_, at) => {
            const [table, id] = at % 2 === 0 ? (['rows', at] as const) : (['parts', at % 5] as const)
            return put(table, { id: `${writer}-${round}-${id}`, part: at, name: `name ${at}` }, round + 1)
          })
          const code = await codeOf(store.write(writes))
          if (code === null) acknowledged.push(...writes)
          else failed = code
          if (acknowledged.length > 4_000 && killing.length === 0) killing.push(server.kill())
        }
      }
      await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))
      await Promise.all(killing)
      expect(failed).toBe('STORE_UNAVAILABLE')
      expect(await codeOf(store.read('rows', [{ id: '1' }]))).toBe('STORE_UNAVAILABLE')
      await server.start()
      await answering()
      for (const table of ['rows', 'parts']) {
        const wanted = acknowledged.filter((one) => one.table === table).map(({ row }) => row)
        const found: unknown[] = []
        for (let at = 0; at < wanted.length; at += 5_000) {
          found.push(...(await store.read(table, wanted.slice(at, at + 5_000))).map((stored) => stored?.row ?? null))
        }
        expect(found).toEqual(wanted)
      }
      // The server has forgotten what was prepared.
      const again = [put('parts', { id: 'a', part: 1 }, 1), put('parts', { id: 'a', part: 2 }, 1)]
      await store.writeAtomic(again)
      expect(await store.page('parts', { partition: { id: 'a' }, limit: 5 })).toEqual({
        rows: again.map(({ row }) => row),
        more: false,
      })
    },
    WAIT_MS,
  )

  it(
    'a server that hangs is a typed error in time, and nothing else is wrong when it goes on',
    async () => {
      process.kill(server.pid, 'SIGSTOP')
      try {
        const startedAt = performance.now()
        const calls = [
          store.ping(),
          store.write([put('rows', { id: 'hung', part: 1 }, 5)]),
          store.writeAtomic([put('parts', { id: 'hung', part: 1 }, 5)]),
          store.read('rows', [{ id: 'hung' }]),
          store.page('parts', { partition: { id: 'hung' }, limit: 1 }),
          store.migrate([defineTable('late', { columns: COLUMNS, partitionKey: ['id'] })]),
        ]
        const [ping, ...others] = await Promise.all(
          calls.map(async (call) => ({ code: await codeOf(call), ms: performance.now() - startedAt })),
        )
        expect([ping, ...others].map((one) => one?.code)).toEqual(calls.map(() => 'STORE_UNAVAILABLE'))
        expect(ping?.ms).toBeLessThan(4_000)
        expect(Math.max(...others.map(({ ms }) => ms))).toBeLessThan(20_000)
      } finally {
        process.kill(server.pid, 'SIGCONT')
      }
      await answering()
      await store.write([put('rows', { id: 'hung', part: 1, name: 'written' }, 6)])
      expect(await store.read('rows', [{ id: 'hung' }])).toEqual([{ row: { id: 'hung', part: 1, name: 'written' } }])
      await store.migrate([defineTable('late', { columns: COLUMNS, partitionKey: ['id'] })])
    },
    WAIT_MS,
  )

  it(
    'opening rejects in time while the server is away or hangs, and closing does not wait for it',
    async () => {
      const timed = async (): Promise<{ code: string | null; isInTime: boolean }> => {
        const startedAt = performance.now()
        const code = await codeOf(openStore(server.address, newKeyspace()))
        return { code, isInTime: performance.now() - startedAt < 11_000 }
      }
      const expected = { code: 'STORE_UNAVAILABLE', isInTime: true }
      const other = await openStore(server.address, keyspace)
      process.kill(server.pid, 'SIGSTOP')
      try {
        expect(await timed()).toEqual(expected)
        const writing = codeOf(other.write([put('rows', { id: 'closing', part: 1 }, 5)]))
        const startedAt = performance.now()
        await other.close()
        expect(performance.now() - startedAt).toBeLessThan(12_000)
        expect(await writing).toBe('STORE_UNAVAILABLE')
      } finally {
        process.kill(server.pid, 'SIGCONT')
      }
      await server.kill()
      expect(await timed()).toEqual(expected)
      await server.start()
      await answering()
    },
    WAIT_MS,
  )
})
