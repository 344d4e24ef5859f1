// A full disk, for real: a small file system in memory. Where none can be mounted the test is skipped and says so.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import { defineTable, put } from '../conformance/store/harness.ts'
import { ManualClock } from '../manual-clock.ts'

const TABLE = defineTable('rows', { columns: { id: 'int', name: 'text' }, partitionKey: ['id'] })
const mountPoint = mkdtempSync(join(tmpdir(), 'meshgate-full-'))
const mounted = mountSmallDisk()

function mountSmallDisk(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', mountPoint], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Takes all the space that is left. */
function fillDisk(file: string): void {
  const { bavail, bsize } = statfsSync(mountPoint)
  writeFileSync(file, Buffer.alloc(bavail * bsize))
}

afterAll(() => {
  if (mounted) execFileSync('umount', [mountPoint])
  rmSync(mountPoint, { recursive: true })
})

describe('a full disk', () => {
  it('rejects writes as such, keeps serving reads, and takes writes again when there is space', async () => {
    const ballast = join(mountPoint, 'ballast')
    const store = await openSqliteStore({ directory: join(mountPoint, 'store'), clock: new ManualClock() })
    await store.migrate([TABLE])
    const rows = (from: number) =>
      Array.from({ length: 200 }, (_, at) => put('rows', { id: from + at, name: 'x'.repeat(900) }, 1))
    await store.write(rows(0))
    fillDisk(ballast)
    const failure: unknown = await store.write(rows(1_000)).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'STORE_DISK_FULL', retryable: true })
    expect((await store.read('rows', [{ id: 0 }, { id: 1_000 }])).map((row) => row?.row['id'] ?? null)).toEqual([
      0,
      null,
    ])
    await expect(store.migrate([{ ...TABLE, name: 'more' }])).rejects.toMatchObject({ code: 'STORE_DISK_FULL' })
    rmSync(ballast)
    await store.write(rows(1_000))
    await store.migrate([{ ...TABLE, name: 'more' }])
    expect((await store.scan('rows', { limit: 1_000 })).rows.length).toBe(400)
    fillDisk(ballast)
    // Closing brings the WAL into the file where it can; the rows are safe in the WAL where it cannot.
    await store.close()
    rmSync(ballast)
    const again = await openSqliteStore({ directory: join(mountPoint, 'store'), clock: new ManualClock() })
    expect((await again.scan('rows', { limit: 1_000 })).rows.length).toBe(400)
    await again.close()
  })
})
