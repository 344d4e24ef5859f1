// A ring of three Cassandra nodes of which some are killed while rows are written and read: three copies of each row, of which two answer.
// MESHGATE_CLUSTER_TESTS=full kills each of the three in turn, and has the store pass the suite of its port on them.
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import {
  cassandraHarness,
  dropKeyspace,
  newKeyspace,
  openStore,
  withDriver,
} from '../cassandra-store/cassandra-harness.ts'
import { codeOf, eventually, range } from '../conformance/event-log-harness.ts'
import { describeStore } from '../conformance/store.ts'
import { defineTable, put } from '../conformance/store/harness.ts'
import { describeClusters, IS_FULL, type OwnCluster, ringComplete, startOwnCassandraRing } from './own-clusters.ts'

const MIGRATING_CHILD = fileURLToPath(new URL('../cassandra-store/migrating-child.ts', import.meta.url))
const ROWS = defineTable('rows', {
  columns: { id: 'text', part: 'int', name: 'text' },
  partitionKey: ['id'],
  clusteringKey: ['part'],
})
const WRITERS = 8
const ROWS_PER_WRITE = 5
/** Guards against hanging only. */
const WAIT_MS = 400_000

let ring: OwnCluster
const keyspace = newKeyspace()

const openRing = (): Promise<CassandraStore> => {
  const [first = ''] = ring.addresses
  return openStore(first, keyspace, { contactPoints: ring.addresses })
}

/** Writes and reads back without a pause until told to stop. */
class Using {
  readonly written: { readonly id: string }[] = []
  readonly failures: string[] = []
  readonly #store: CassandraStore
  readonly #running: Promise<unknown>
  readonly #name: string
  #stopped = false

  constructor(store: CassandraStore, name: string) {
    this.#store = store
    this.#name = name
    this.#running = Promise.all(range(0, WRITERS).map((writer) => this.#use(writer)))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async grows(by: number): Promise<void> {
    const before = this.written.length
    for (const startedAt = performance.now(); this.written.length < before + by; await sleep(20)) {
      if (performance.now() - startedAt > 60_000) throw new Error(`no progress: ${this.failures.join()}`)
    }
  }

  async #use(writer: number): Promise<void> {
    for (let round = 0; !this.#stopped; round += 1) {
      const id = `${this.#name}-${String(writer)}-${String(round)}`
      try {
        await this.#store.write(rowsOf(id).map((row) => put('rows', row, 1)))
        this.written.push({ id })
        const page = await this.#store.page('rows', { partition: { id }, limit: ROWS_PER_WRITE })
        if (page.rows.length !== ROWS_PER_WRITE) this.failures.push(`${id}: ${String(page.rows.length)} rows`)
      } catch (error) {
        this.failures.push(codeOf(error))
        await sleep(100)
      }
      await sleep(20)
    }
  }
}

function rowsOf(id: string): { id: string; part: number; name: string }[] {
  return range(0, ROWS_PER_WRITE).map((part) => ({ id, part, name: `${id}/${String(part)}` }))
}

/** As the schema of the first node has it. */
async function copiesIn(keyspace_: string): Promise<number> {
  const [first = ''] = ring.addresses
  const query = 'SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?'
  const { rows } = await withDriver(first, (driver) => driver.execute(query, [keyspace_]))
  const replication = new Map(Object.entries((rows[0]?.['replication'] ?? {}) as Record<string, string>))
  return Number(replication.get('datacenter1') ?? 0)
}

describeClusters('three nodes', () => {
  let store: CassandraStore
  beforeAll(async () => {
    ring = await startOwnCassandraRing()
    store = await openRing()
    await store.migrate([ROWS])
  })
  afterAll(() => store.close())

  it('keep three copies of each row', async () => {
    expect(await copiesIn(keyspace)).toBe(3)
  })

  it(
    'take the same migration from three processes at once, each by another node',
    async () => {
      const shared = newKeyspace()
      const [first = ''] = ring.addresses
      await Promise.all(
        ring.addresses.map((address) => promisify(execFile)(process.execPath, [MIGRATING_CHILD, address, shared, '3'])),
      )
      const opened = await openStore(first, shared)
      const counts = await Promise.all(
        range(0, 3).map(async (at) => (await opened.scan(`shared_${String(at)}`, { limit: 10 })).rows.length),
      )
      expect(counts).toEqual([3, 3, 3])
      await opened.close()
      await dropKeyspace(first, shared)
    },
    WAIT_MS,
  )

  it(
    'serve every write and read while one of them is killed and starts again',
    async () => {
      const using = new Using(store, 'one')
      await using.grows(100)
      for (const node of IS_FULL ? ring.nodes : ring.nodes.slice(1, 2)) {
        await node.kill()
        await using.grows(300)
        await node.start()
        await using.grows(300)
        await ringComplete(ring)
      }
      await using.stop()
      expect(using.failures).toEqual([])
      await expectAll(using)
    },
    WAIT_MS,
  )

  it(
    'are found while the first is away, and make keyspaces with a copy for it and tables without waiting for it',
    async () => {
      const [first] = ring.nodes
      await first?.kill()
      const fresh = newKeyspace()
      const opened = await openStore('', fresh, { contactPoints: ring.addresses })
      await opened.migrate([
        defineTable('without', { columns: { id: 'text', name: 'text' }, partitionKey: ['id'], indexes: ['name'] }),
      ])
      await opened.write([put('without', { id: '1', name: 'a' }, 1)])
      await first?.start()
      await ringComplete(ring)
      await eventually(async () => expect(await copiesIn(fresh)).toBe(3))
      // A node writes a table down a moment before it works by it.
      await eventually(async () =>
        expect(await opened.byIndex('without', { column: 'name', value: 'a', limit: 2 })).toEqual({
          rows: [{ id: '1', name: 'a' }],
          more: false,
        }),
      )
      await opened.close()
    },
    WAIT_MS,
  )

  it(
    'fail in time and with a typed error while two are away, and serve again by themselves when one is back',
    async () => {
      const using = new Using(store, 'two')
      await using.grows(100)
      const [first, second] = ring.nodes
      await Promise.all([first?.kill(), second?.kill()])
      const timed = async (call: Promise<unknown>): Promise<string> => {
        const startedAt = performance.now()
        const outcome = await call.then(() => 'served', codeOf)
        return performance.now() - startedAt < 15_000
          ? outcome
          : `${outcome} after ${String(performance.now() - startedAt)} ms`
      }
      const calls = [
        timed(store.ping()),
        timed(store.write([put('rows', { id: 'lone', part: 1 }, 1)])),
        timed(store.read('rows', [{ id: 'lone', part: 1 }])),
        timed(store.page('rows', { partition: { id: 'lone' }, limit: 1 })),
        timed(openRing().then((opened) => opened.close())),
      ]
      expect(await Promise.all(calls)).toEqual(calls.map(() => 'STORE_UNAVAILABLE'))
      await second?.start()
      await using.grows(200)
      await first?.start()
      await ringComplete(ring)
      const after = using.failures.length
      await using.grows(200)
      await using.stop()
      expect(using.failures.length).toBe(after)
      expect([...new Set(using.failures)]).toEqual(['STORE_UNAVAILABLE'])
      await expectAll(using)
    },
    WAIT_MS,
  )

  if (IS_FULL)
    describeStore(
      'the Cassandra store',
      cassandraHarness(async () => ring.addresses[0] ?? ''),
    )

  async function expectAll({ written }: Using): Promise<void> {
    const keys = written.flatMap(({ id }) => rowsOf(id))
    for (let at = 0; at < keys.length; at += 5_000) {
      const some = keys.slice(at, at + 5_000)
      const found = await store.read(
        'rows',
        some.map(({ id, part }) => ({ id, part })),
      )
      expect(found.map((stored) => stored?.row)).toEqual(some)
    }
  }
})
