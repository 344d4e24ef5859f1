// Sweeping: what no reader sees any more leaves the files, and what late writes must still meet stays for its grace.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { shardFile } from '../../platform/adapters/sqlite/open-database.ts'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import { limits } from '../../platform/limits.ts'
import type { Store } from '../../platform/ports/store.ts'
import { defineTable, put } from '../conformance/store/harness.ts'
import { ManualClock } from '../manual-clock.ts'

const SHAPE = { columns: { id: 'text', name: 'text', count: 'int' }, partitionKey: ['id'], indexes: ['name'] } as const

let directory: string
let store: Store
let clock: ManualClock

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-sweep-'))
  clock = new ManualClock()
  store = await openSqliteStore({ directory, clock })
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

/** Rows of the first table and its index that are in the file, visible or not. */
function stored(): { rows: number; entries: number } {
  const database = new DatabaseSync(shardFile(directory, 0), { readOnly: true })
  const count = (name: string): number => Number(database.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.['n'])
  try {
    return { rows: count('rows_1'), entries: count('index_2') }
  } finally {
    database.close()
  }
}

/** Lets the clock go on by at least an interval, and waits until the sweep that this starts has ended. */
async function sweepAfter(ms: number): Promise<void> {
  await vi.waitFor(() => expect(clock.sleeping()).toBe(1))
  clock.advance(ms)
  await vi.waitFor(() => expect(clock.sleeping()).toBe(1), { timeout: 10_000 })
}

describe('sweeping', () => {
  it('removes expired rows, more than one step of them, and their index entries', async () => {
    await store.migrate([defineTable('rows', { ...SHAPE, ttlMs: 1_000 })])
    const count = limits.storeSweepRowsMax * 2 + 5
    const now = clock.now() * 1_000
    await store.write(Array.from({ length: count }, (_, at) => put('rows', { id: String(at), name: 'a' }, now)))
    await store.write([put('rows', { id: 'later', name: 'a' }, now + limits.storeSweepIntervalMs * 1_000)])
    expect(stored()).toEqual({ rows: count + 1, entries: count + 1 })
    await sweepAfter(limits.storeSweepIntervalMs)
    expect(stored()).toEqual({ rows: 1, entries: 1 })
    expect((await store.scan('rows', { limit: 5 })).rows).toEqual([{ id: 'later', name: 'a' }])
  })

  it('keeps deletes and nulls for their grace, then forgets them', async () => {
    await store.migrate([defineTable('rows', SHAPE)])
    await store.write([
      { kind: 'delete', table: 'rows', key: { id: 'deleted' }, writeTime: 10 },
      put('rows', { id: 'cleared', name: null, count: 1 }, 10),
    ])
    await sweepAfter(limits.storeTombstoneGraceMs - 1)
    expect(stored()).toEqual({ rows: 2, entries: 0 })
    await store.write([
      put('rows', { id: 'deleted', name: 'late' }, 9),
      put('rows', { id: 'cleared', name: 'late' }, 9),
    ])
    expect((await store.scan('rows', { limit: 5 })).rows).toEqual([{ id: 'cleared', count: 1 }])
    await sweepAfter(limits.storeSweepIntervalMs)
    expect(stored()).toEqual({ rows: 1, entries: 0 })
    await store.write([put('rows', { id: 'cleared', name: 'very late' }, 9)])
    expect((await store.scan('rows', { limit: 5 })).rows).toEqual([{ id: 'cleared', name: 'very late', count: 1 }])
  })
})
