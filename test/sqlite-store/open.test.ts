// Opening a directory: what cannot be used is said in one line with a code, and what is there keeps its layout.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import { defineTable, put } from '../conformance/store/harness.ts'
import { ManualClock } from '../manual-clock.ts'

const TABLE = defineTable('rows', { columns: { id: 'text' }, partitionKey: ['id'] })
const clock = new ManualClock()

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-open-'))
})
afterEach(() => rm(directory, { recursive: true }))

describe('opening a store', () => {
  it('refuses a damaged file, naming it', async () => {
    await writeFile(join(directory, 'shard-00.db'), 'no database, but long enough to be taken for one '.repeat(200))
    const failure: unknown = await openSqliteStore({ directory, clock }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'STORE_CORRUPT', retryable: false })
    expect(String(failure)).toContain('shard-00.db')
  })

  it('refuses a place that cannot hold it, naming it', async () => {
    await writeFile(join(directory, 'file'), '')
    const inFile = openSqliteStore({ directory: join(directory, 'file', 'store'), clock })
    await expect(inFile).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await mkdir(join(directory, 'shard-00.db'))
    const failure: unknown = await openSqliteStore({ directory, clock }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(String(failure)).toContain('shard-00.db')
  })

  it('keeps the number of files that the directory has, and leaves no log beside them when it closes', async () => {
    const ids = Array.from({ length: 40 }, (_, at) => ({ id: String(at) }))
    const first = await openSqliteStore({ directory, clock, shards: 3 })
    await first.migrate([TABLE])
    await first.write(ids.map((row) => put('rows', row, 1)))
    await first.close()
    const second = await openSqliteStore({ directory, clock, shards: 1 })
    expect(await second.read('rows', ids)).toEqual(ids.map((row) => ({ row })))
    await second.close()
    expect((await readdir(directory)).toSorted()).toEqual(['shard-00.db', 'shard-01.db', 'shard-02.db'])
  })
})
