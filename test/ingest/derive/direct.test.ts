// Folds that take what rows contribute from their changes hold the folds over the visible rows all the same: whatever order records come in, however
// many have one write time, wherever processes die.
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { startIngest, type Ingest } from '../../../ingest/main.ts'
import { planDerivations } from '../../../ingest/derive/derivations.ts'
import { seededInteger } from '../../seeded-random.ts'
import { openPorts, type TestPorts } from '../open-ports.ts'
import type { Random } from '../random-things.ts'
import { ask } from '../replay-bed.ts'
import {
  derivedMeters,
  expectedMeters,
  meterFunctions,
  meterProducts,
  randomReading,
  readings,
  startMeters,
} from './meter-mesh.ts'
import { MortalPorts } from './mortal-ports.ts'

const SEEDS = (process.env['MESHGATE_TEST_SEEDS'] ?? '1,2,3,4').split(',').map(Number)
const LIVES = 6
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function appendSome(ports: TestPorts, random: Random): Promise<void> {
  const some = Array.from({ length: 1 + random(40) }, () => randomReading(random))
  await ports.log.append('tests.readings', some)
}

/** One process, until it dies or has done what there is. */
async function live(ports: TestPorts, random: Random): Promise<void> {
  const mortal = new MortalPorts(ports, 40 + random(300), random)
  const { log, store } = mortal
  const options = { products: meterProducts, functions: meterFunctions, log, store, clock: ports.clock, sweep: false }
  const ingest: Ingest | null = await startIngest(options).catch((error: unknown) => {
    if (!mortal.dead) throw error
    return null
  })
  if (ingest === null) return
  try {
    for (let round = 0; round < 4 && !mortal.dead; round += 1) {
      await appendSome(ports, random)
      if (random(4) === 0) await ask(ports, readings).catch(() => null)
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

test('folds by windows of a time in the key, over whole records written without reading, are direct', async () => {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const plans = planDerivations({ products: meterProducts, functions: meterFunctions, log: ports.log })
  expect(plans.map(({ direct }) => direct?.fields)).toEqual([[['value', 'weight']], [['value', 'weight']]])
})

test('a direct fold that comes later begins with the rows that are there, and goes on with the changes', async () => {
  const random = seededInteger(5)
  const ports = await openPorts()
  closing.push(() => ports.close())
  const { log, store, clock } = ports
  const alone = await startIngest({ products: [readings], log, store, clock, sweep: false })
  await appendSome(ports, random)
  await alone.caughtUp()
  await alone.close()
  const ingest = await startMeters(ports)
  closing.push(() => ingest.close())
  await appendSome(ports, random)
  await ingest.caughtUp()
  expect(await derivedMeters(store)).toEqual(await expectedMeters(store))
})

test.for(SEEDS)('direct folds are the folds over their inputs, wherever processes die (seed %s)', async (seed) => {
  const random = seededInteger(seed)
  const ports = await openPorts()
  closing.push(() => ports.close())
  const first = await startMeters(ports)
  await first.close()
  for (let lives = 0; lives < LIVES; lives += 1) await live(ports, random)
  const ingest = await startMeters(ports)
  closing.push(() => ingest.close())
  await ingest.caughtUp()
  const expected = await expectedMeters(ports.store)
  expect(expected.minutes.length).toBeGreaterThan(0)
  expect(await derivedMeters(ports.store)).toEqual(expected)
  expect(ingest.stuck()).toEqual([])
})
