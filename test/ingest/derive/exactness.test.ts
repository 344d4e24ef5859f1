// Whatever happens to the inputs, and wherever processes die, the derived tables hold the folds over the input tables' visible rows.
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { startIngest, type Ingest } from '../../../ingest/main.ts'
import { seededInteger } from '../../seeded-random.ts'
import { openPorts, type TestPorts } from '../open-ports.ts'
import type { Random } from '../random-things.ts'
import { ask } from '../replay-bed.ts'
import { MortalPorts } from './mortal-ports.ts'
import { randomItem, randomOrder } from './random-sales.ts'
import { derivedRows, expectedRows, functions, meshProducts, orders, startMesh } from './sales-mesh.ts'

const SEEDS = (process.env['MESHGATE_TEST_SEEDS'] ?? '1,2,3,4').split(',').map(Number)
const LIVES = 8
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function appendSome(ports: TestPorts, random: Random): Promise<void> {
  const some = Array.from({ length: 1 + random(12) }, () => randomOrder(random))
  await ports.log.append('tests.orders', some)
  if (random(2) === 0) {
    await ports.log.append(
      'tests.items',
      Array.from({ length: 1 + random(3) }, () => randomItem(random)),
    )
  }
}

/** One process, until it dies or has done what there is. */
async function live(ports: TestPorts, random: Random): Promise<void> {
  const mortal = new MortalPorts(ports, 60 + random(500), random)
  const started = startIngest({
    products: meshProducts,
    functions,
    log: mortal.log,
    store: mortal.store,
    clock: ports.clock,
    sweep: false,
  })
  const ingest: Ingest | null = await started.catch((error: unknown) => {
    if (!mortal.dead) throw error
    return null
  })
  if (ingest === null) return
  try {
    for (let round = 0; round < 4 && !mortal.dead; round += 1) {
      await appendSome(ports, random)
      if (random(4) === 0) await ask(ports, orders).catch(() => null)
      const caughtUp = ingest.caughtUp().catch((error: unknown) => {
        if (!mortal.dead) throw error
      })
      await Promise.race([caughtUp, mortal.died, wait(random(300))])
    }
  } finally {
    mortal.kill()
    await ingest.close()
  }
}

test.for(SEEDS)('derived tables are the folds over their inputs, wherever processes die (seed %s)', async (seed) => {
  const random = seededInteger(seed)
  const ports = await openPorts()
  closing.push(() => ports.close())
  const first = await startMesh(ports)
  await first.close()
  for (let lives = 0; lives < LIVES; lives += 1) await live(ports, random)
  const ingest = await startMesh(ports)
  closing.push(() => ingest.close())
  await ingest.caughtUp()
  expect(await derivedRows(ports.store)).toEqual(await expectedRows(ports.store))
  expect(ingest.stuck()).toEqual([])
})
