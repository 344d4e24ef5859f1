// The store's threads: the event loop and reads go on during a large write, a dead thread is replaced, what waits is bounded.
import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { shardFile } from '../../platform/adapters/sqlite/open-database.ts'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import { limits } from '../../platform/limits.ts'
import type { Store } from '../../platform/ports/store.ts'
import { defineTable, put } from '../conformance/store/harness.ts'
import { ManualClock } from '../manual-clock.ts'

const TABLE = defineTable('rows', { columns: { id: 'text', name: 'text' }, partitionKey: ['id'] })

let directory: string
let store: Store
let workers: Worker[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-threads-'))
  workers = []
  store = await openSqliteStore({ directory, clock: new ManualClock(), onThread: (worker) => workers.push(worker) })
  await store.migrate([TABLE])
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

describe('a large write', () => {
  it('lets reads be answered and timers run before it ends', async () => {
    await store.write([put('rows', { id: 'first', name: 'a' }, 1)])
    const writes = Array.from({ length: 60_000 }, (_, at) => put('rows', { id: `row ${at}`, name: 'x'.repeat(100) }, 1))
    let writing = true
    const written = store.write(writes).finally(() => (writing = false))
    let readsMeanwhile = 0
    while (writing) {
      expect(await store.read('rows', [{ id: 'first' }])).toEqual([{ row: { id: 'first', name: 'a' } }])
      if (writing) readsMeanwhile += 1
    }
    await written
    // One is the rule; a store whose reads wait for the write has none.
    expect(readsMeanwhile).toBeGreaterThan(5)
  })

  it('larger than what may wait goes at the pace of the disk, and a thread brings the log into the file', async () => {
    const name = 'x'.repeat(100_000)
    const count = Math.ceil((limits.storeCharsWaitingMax * 1.5) / name.length)
    await store.write(Array.from({ length: count }, (_, at) => put('rows', { id: String(at), name }, 1)))
    const found = await store.read('rows', [{ id: '0' }, { id: String(count - 1) }])
    expect(found.map((stored) => stored?.row['id'])).toEqual(['0', String(count - 1)])
    expect(workers.map((worker) => worker.threadName)).toContain('checkpoint-thread')
    const file = shardFile(directory, 0)
    await vi.waitFor(() => expect(statSync(file).size).toBeGreaterThan(name.length), { timeout: 20_000 })
  })
})

describe('calls beyond what may wait', () => {
  it('are refused as overload while the others are answered', async () => {
    const calls = Array.from({ length: limits.storeCallsWaitingMax + 10 }, () => store.read('rows', [{ id: '1' }]))
    const outcomes = await Promise.allSettled(calls)
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(Array(10).fill('STORE_OVERLOADED'))
    expect(await store.read('rows', [{ id: '1' }])).toEqual([null])
  })
})

describe('a thread that dies', () => {
  it.each([
    { thread: 'writer-thread', call: () => store.write([put('rows', { id: '2' }, 1)]) },
    { thread: 'reader-thread', call: () => store.read('rows', [{ id: '2' }]) },
  ])('rejects the calls in hand and is started again: $thread', async ({ thread, call }) => {
    await store.write([put('rows', { id: '1', name: 'kept' }, 1)])
    const before = workers.length
    const [writer, reader] = workers
    const worker = thread === 'writer-thread' ? writer : reader
    // Ended before it can take the call.
    const ended = worker?.terminate()
    const inHand = call()
    await expect(inHand).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
    await ended
    await expect(call()).resolves.not.toThrow()
    expect(workers.length).toBe(before + 1)
    expect(await store.read('rows', [{ id: '1' }])).toEqual([{ row: { id: '1', name: 'kept' } }])
  })
})
