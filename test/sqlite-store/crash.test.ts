// SIGKILL in the middle of writing: what was acknowledged is there, atomic writes are whole, and the index agrees with the rows.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import type { Store } from '../../platform/ports/store.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { crashRows, crashTable } from './crash-rows.ts'
import { seededRandom } from '../seeded-random.ts'

const directories: string[] = []
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true })
})

/** Batches acknowledged before the process was killed, some time after `acknowledgementsMin` of them. */
async function writeUntilKilled(directory: string, firstBatch: number, random: () => number): Promise<number[]> {
  const script = fileURLToPath(new URL('./crash-writer.ts', import.meta.url))
  const child = spawn(process.execPath, [script, directory, String(firstBatch)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acknowledged: number[] = []
  const killAt = 1 + Math.floor(random() * 150)
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line))
    // Not at the acknowledgement itself, but somewhere in the write after it.
    if (acknowledged.length === killAt) setTimeout(() => child.kill('SIGKILL'), random() * 4)
  }
  const [, signal] = (await exited) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
  return acknowledged
}

async function rowsOf(store: Store, batch: number): Promise<unknown[]> {
  const { rows } = await store.page(crashTable.name, { partition: { batch }, limit: 100 })
  const { rows: indexed } = await store.byIndex(crashTable.name, {
    column: 'name',
    value: `batch ${batch}`,
    limit: 100,
  })
  expect(indexed).toEqual(rows)
  return [...rows]
}

describe('a killed process', () => {
  it.each([31, 32, 33])('loses nothing that was acknowledged, four kills in a row (seed %i)', async (seed) => {
    const directory = await mkdtemp(join(tmpdir(), 'meshgate-crash-'))
    directories.push(directory)
    const random = seededRandom(seed)
    const acknowledged: number[] = []
    let firstBatch = 0
    for (let round = 0; round < 4; round += 1) {
      const batches = await writeUntilKilled(directory, firstBatch, random)
      acknowledged.push(...batches)
      const store = await openSqliteStore({ directory, clock: systemClock })
      try {
        for (const batch of acknowledged)
          expect(await rowsOf(store, batch)).toEqual(crashRows(batch).map(({ row }) => row))
        // Three calls were in hand at most; an atomic one is there whole or not at all.
        firstBatch = Math.max(...acknowledged) + 4
        for (let batch = 0; batch < firstBatch; batch += 3)
          expect([0, 50]).toContain((await rowsOf(store, batch)).length)
      } finally {
        await store.close()
      }
    }
  })
})
