// Random changes, repeated as after crashes of ingest, and a subscriber that leaves and comes back at random: it is told every change once.
import { expect, test } from 'vitest'
import type { Change } from '../../schema/record.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { reading, request, SOURCE, Telemetry } from './telemetry.ts'
import { seededRandom } from '../seeded-random.ts'

const SEEDS = [1, 2, 3]
const STEPS = 60
const SOURCES = 3
const PARTITIONS = 3
const QUERY = 'subscription { readingCreated(sensorId: "1") { id } }'

test.for(SEEDS)('every change is told once and in order, whoever crashes or leaves (seed %s)', async (seed) => {
  const random = seededRandom(seed)
  const below = (bound: number): number => Math.floor(random() * bound)
  const telemetry = await Telemetry.open()
  const subscribe = (cursor: string | null): Promise<AsyncIterableIterator<SubgraphResponse>> =>
    telemetry.subgraph.endpoint.subscribe(
      request(QUERY, cursor === null ? {} : { extensions: { meshgate: { cursor } } }),
    )
  const batches: { change: Change; partition: number }[][] = Array.from({ length: SOURCES }, () => [])
  const offsets = Array.from({ length: SOURCES }, () => 0)
  const wanted: string[][] = Array.from({ length: PARTITIONS }, () => [])
  const told: string[][] = Array.from({ length: PARTITIONS }, () => [])
  let number = 0

  /** A batch of one source partition; half of it concerns another sensor. */
  const newBatch = (source: number): { change: Change; partition: number }[] =>
    Array.from({ length: 1 + below(8) }, () => {
      const partition = below(PARTITIONS)
      const id = `${partition}-${number++}`
      const sensorId = random() < 0.5 ? '1' : '2'
      if (sensorId === '1') wanted[partition]?.push(id)
      const offset = offsets[source] ?? 0
      offsets[source] = offset + 1
      return {
        change: telemetry.change(reading(id, { sensorId }), { source: `${SOURCE}:${source}:${offset}` }),
        partition,
      }
    })
  const append = async (batch: readonly { change: Change; partition: number }[]): Promise<void> => {
    for (const { change, partition } of batch) await telemetry.append([change], partition)
  }

  let events = await subscribe(null)
  let cursor: string | null = null
  const missing = (): number => wanted.flat().length - told.flat().length
  const takeOne = async (): Promise<void> => {
    const { value } = (await events.next()) as { value: SubgraphResponse }
    expect(value.errors).toBeUndefined()
    const meshgate = value.extensions?.['meshgate'] as { key: string; cursor: string }
    told[Number(meshgate.key.split('-')[0])]?.push(meshgate.key)
    ;({ cursor } = meshgate)
  }
  for (let step = 0; step < STEPS; step++) {
    const source = below(SOURCES)
    const kind = random()
    if (kind < 0.5) await append((batches[source] = newBatch(source)))
    // The crash came after some of the changes, or after all of them and before the commit.
    else if (kind < 0.7) await append(batches[source] ?? [])
    else if (kind < 0.85) for (let count = below(missing() + 1); count > 0; count--) await takeOne()
    else if (cursor !== null) {
      await events.return?.()
      events = await subscribe(cursor)
    }
  }
  while (missing() > 0) await takeOne()
  expect(told).toEqual(wanted)
  await events.return?.()
  await telemetry.close()
})
