// Rows put whole take a shorter way than others, several to a statement, and must come to the same; in files made before, too.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { shardFile } from '../../platform/adapters/sqlite/open-database.ts'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import type { Store, StoredRow, Write } from '../../platform/ports/store.ts'
import type { Row, Value } from '../../schema/row.ts'
import { defineTable, put } from '../conformance/store/harness.ts'
import { ManualClock } from '../manual-clock.ts'
import { seededRandom } from '../seeded-random.ts'

const SHAPE = { columns: { id: 'text', name: 'text', count: 'int', notes: 'json' }, partitionKey: ['id'] } as const
const KEYS = 60

let directory: string
let store: Store
const reopen = async (): Promise<void> => {
  store = await openSqliteStore({ directory, clock: new ManualClock() })
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-puts-'))
  await reopen()
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

const keys: readonly Row[] = Array.from({ length: KEYS }, (_, at) => ({ id: `row ${at}` }))

async function rowsOf(table: string): Promise<readonly (StoredRow | null)[]> {
  return store.read(table, keys, { writeTimes: true })
}

/** Mostly whole rows; some lack a column, clear one, have times of their own, or are deleted. Few keys and times: most writes meet others. */
function randomWrite(random: () => number, table: string): Write {
  const pick = (count: number): number => Math.floor(random() * count)
  const key = { id: `row ${pick(KEYS)}` }
  const writeTime = pick(12)
  const kind = pick(12)
  if (kind === 0) return { kind: 'delete', table, key, writeTime }
  const cells: [string, Value][] = [
    ['name', kind === 1 ? null : `name ${pick(4)}`],
    ['count', pick(4)],
    ['notes', [{ text: 'ä"}', at: pick(4) }]],
  ]
  const row = { ...key, ...Object.fromEntries(kind === 2 ? cells.slice(0, 2) : cells) }
  if (kind === 3) return { kind: 'put', table, row, writeTime, writeTimes: { count: pick(12) } }
  return put(table, row, writeTime)
}

describe('rows put in batches', () => {
  it.each([51, 52, 53, 54])(
    'are merged as in a table with an index, where each row is written for itself (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      await store.migrate([defineTable('plain', SHAPE), defineTable('indexed', { ...SHAPE, indexes: ['name'] })])
      for (let batch = 0; batch < 12; batch += 1) {
        const writes = Array.from({ length: 1 + Math.floor(random() * 80) }, () => randomWrite(random, 'plain'))
        await store.write(writes)
        await store.write(writes.map((write) => ({ ...write, table: 'indexed' })))
        expect(await rowsOf('plain')).toEqual(await rowsOf('indexed'))
      }
      expect((await rowsOf('plain')).filter((row) => row !== null).length).toBeGreaterThan(KEYS / 2)
    },
  )

  it('are there once where they come again, and stay as they are where older ones come', async () => {
    await store.migrate([defineTable('plain', SHAPE)])
    const whole = (writeTime: number): Write[] =>
      keys.map((key) => put('plain', { ...key, name: `at ${writeTime}`, count: writeTime, notes: [] }, writeTime))
    for (const writeTime of [5, 5, 3, 7, 6]) await store.write(whole(writeTime))
    const expected = keys.map((key) => ({
      row: { ...key, name: 'at 7', count: 7, notes: [] },
      writeTimes: { name: 7, count: 7, notes: 7 },
    }))
    expect(await rowsOf('plain')).toEqual(expected)
    expect((await store.scan('plain', { limit: KEYS * 2 })).rows.length).toBe(KEYS)
  })

  it('may come with their text, which is what is read', async () => {
    await store.migrate([defineTable('plain', SHAPE)])
    const row = { id: 'row 0', name: 'ä', count: 1, notes: { a: null } }
    await store.write([{ kind: 'put', table: 'plain', row, writeTime: 1, text: JSON.stringify(row) }])
    const later = { id: 'row 0', count: 2 }
    await store.write([{ kind: 'put', table: 'plain', row: later, writeTime: 2, text: JSON.stringify(later) }])
    const [found] = await rowsOf('plain')
    expect(found).toEqual({ row: { ...row, count: 2 }, writeTimes: { name: 1, count: 2, notes: 1 } })
  })
})

describe('a file whose rows lie in key order, as they did before', () => {
  it('is read and written as it is', async () => {
    await store.migrate([defineTable('plain', SHAPE)])
    await store.write(keys.slice(0, 20).map((key) => put('plain', { ...key, name: 'old', count: 1, notes: [] }, 1)))
    await store.close()
    const database = new DatabaseSync(shardFile(directory, 0))
    database.exec(`
      ALTER TABLE rows_1 RENAME TO moved;
      DROP INDEX rows_1_keys; DROP INDEX rows_1_expiring; DROP INDEX rows_1_purgeable;
      CREATE TABLE rows_1
        (k BLOB PRIMARY KEY, v TEXT, w INTEGER, t INTEGER, d INTEGER, m TEXT, x INTEGER, p INTEGER) WITHOUT ROWID;
      CREATE INDEX rows_1_expiring ON rows_1(x) WHERE x IS NOT NULL;
      CREATE INDEX rows_1_purgeable ON rows_1(p) WHERE p IS NOT NULL;
      INSERT INTO rows_1 SELECT * FROM moved;
      DROP TABLE moved;`)
    database.close()
    await reopen()
    await store.migrate([defineTable('plain', SHAPE), defineTable('other', SHAPE)])
    await store.write(keys.slice(10, 40).map((key) => put('plain', { ...key, name: 'new', count: 2, notes: [] }, 2)))
    await store.write([{ kind: 'delete', table: 'plain', key: { id: 'row 0' }, writeTime: 3 }])
    await store.write([put('plain', { id: 'row 1', count: 9 }, 3)])
    const names = (await rowsOf('plain')).map((found) => found?.row['name'] ?? null)
    const expected = keys.map((_, at) => (at === 0 || at >= 40 ? null : at < 10 ? 'old' : 'new'))
    expect(names).toEqual(expected)
    expect((await store.scan('plain', { limit: KEYS })).rows.length).toBe(39)
  })
})
