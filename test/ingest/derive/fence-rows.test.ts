// Fences as owners of fold keep them for one another, on the real embedded store.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Fence } from '../../../ingest/derive/contributions.ts'
import { fencesAt, fenceWrite, openFences } from '../../../ingest/derive/fence-rows.ts'
import { foldTables } from '../../../ingest/derive/fold-tables.ts'
import { openPorts, type TestPorts } from '../open-ports.ts'

const at = fencesAt('fold', 0)
let ports: TestPorts

beforeEach(async () => {
  ports = await openPorts()
  await ports.store.migrate(foldTables)
})
afterEach(() => ports.close())

async function pass(from: number, fence: Fence, writeTime: number): Promise<void> {
  await ports.store.write([fenceWrite(at, from, fence, writeTime)])
}

test('an owner that is late with the fences it knows takes none from another', async () => {
  const [one, two] = [
    { offset: 1, epoch: 10 },
    { offset: 5, epoch: 20 },
  ]
  await pass(0, one, 100)
  await pass(0, two, 101)
  await pass(0, one, 200)
  expect(await openFences(ports.store, at, { committed: 0, writeTime: 300 })).toEqual(new Map([[0, [one, two]]]))
})

test('of the fences before the committed position the highest is kept for each sender, and all behind it; others are deleted', async () => {
  const fence = (offset: number, epoch: number): Fence => ({ offset, epoch })
  const kept = new Map([
    [0, [fence(4, 30), fence(8, 40), fence(9, 50)]],
    [1, [fence(2, 15)]],
  ])
  for (const [from, fences] of kept) for (const each of fences) await pass(from, each, 100)
  await pass(0, fence(3, 20), 101)
  await pass(0, fence(6, 25), 102)
  expect(await openFences(ports.store, at, { committed: 7, writeTime: 300 })).toEqual(kept)
  // Read from before it again, those that are gone are gone.
  expect(await openFences(ports.store, at, { committed: 0, writeTime: 301 })).toEqual(kept)
})
