// Seeded runs of an embedded mesh under faults, and all that once ended otherwise than it must. The long form is a command: test/faults/run.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ChildPool } from './embedded/child-mesh.ts'
import { mountSmallDisk } from './embedded/full-disk.ts'
import { runSeed } from './embedded/run-seed.ts'
import { FOUND } from './found.ts'

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed)
const TIMEOUT_MS = 600_000

const directory = mkdtempSync(join(tmpdir(), 'meshgate-faults-'))
const disk = mountSmallDisk()
const children = new ChildPool()

afterAll(async () => {
  await children.close()
  disk?.unmount()
  rmSync(directory, { recursive: true })
})

describe('nothing lost, nothing wrong, nothing told twice', () => {
  test.each(SEEDS)('under the faults of seed %i', { timeout: TIMEOUT_MS }, async (seed) => {
    const { differences } = await runSeed(seed, { directory, disk, children })
    expect(differences).toEqual([])
  })
})

describe('what once was wrong stays right', () => {
  test.each(FOUND)('$what (seed $seed)', { timeout: TIMEOUT_MS }, async ({ seed }) => {
    const { differences } = await runSeed(seed, { directory, disk, children })
    expect(differences).toEqual([])
  })
})
