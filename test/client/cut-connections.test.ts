// Connections cut hundreds of times at random places, gateways restarted: every event comes once and in order, over every way.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SubscriptionClient } from '../../client/subscription-client.ts'
import type { StreamEvent } from '../../client/stream-types.ts'
import { limits } from '../../platform/limits.ts'
import { seededInteger } from '../seeded-random.ts'
import { CHANGES as CHANGES_TOPIC, reading } from '../subgraphs/telemetry.ts'
import { ClientMesh } from './client-mesh.ts'

const CHANGES = 1_200
const ROWS = limits.snapshotPageRows * 3
const CUT_ONE_IN = 5
const RESTARTS = 3
const REQUEST = { query: 'subscription { event: readingChanged { id value } }' }

let mesh: ClientMesh

beforeEach(async () => {
  mesh = await ClientMesh.open()
})

afterEach(async () => {
  await mesh.close()
})

const ways: Record<string, () => SubscriptionClient> = {
  'a socket': () => mesh.overSocket(),
  // graphql-ws sends its payload again by itself.
  'a socket that connects again by itself': () =>
    mesh.overSocket({}, { retryAttempts: 1_000_000, retryWait: async () => undefined, shouldRetry: () => true }),
  'an event stream': () => mesh.overEventStream(),
}

const keyOf = ({ extensions }: StreamEvent): string => extensions?.key ?? ''

/** Appends changes until `count` are there, each with the next value of one of some keys. */
async function appendChanges(count: number, below: (bound: number) => number, each: () => Promise<void>) {
  for (let value = 0; value < count; value++) {
    const row = reading(`k${below(10)}`, { value: String(value) })
    await mesh.telemetry.append([mesh.telemetry.change(row)])
    await each()
  }
}

describe.for(Object.keys(ways))('over %s', (way) => {
  const client = (): SubscriptionClient => {
    const make = ways[way]
    if (make === undefined) throw new Error(way)
    return make()
  }

  test('every event comes once and in order of its key, however often the connection is cut', async () => {
    const below = seededInteger(way.length)
    const values: { key: string; value: number }[] = []
    let interruptions = 0
    const allTold = Promise.withResolvers<void>()
    const unsubscribe = client().subscribe<{ event: { value: string } }>(
      REQUEST,
      {
        next: (event) => {
          const value = Number(event.data?.event.value)
          values.push({ key: keyOf(event), value })
          if (values.length === CHANGES) allTold.resolve()
        },
        error: (error) => allTold.reject(new Error('ended', { cause: error })),
        complete: () => allTold.reject(new Error('completed')),
      },
      { onInterruption: () => interruptions++ },
    )
    // Where it begins is said first: from there on nothing is lost, though no event has come.
    await expect.poll(() => unsubscribe.cursor).toBeTypeOf('string')
    let cuts = 0
    await appendChanges(CHANGES, below, async () => {
      if (below(CUT_ONE_IN) === 0) {
        cuts++
        mesh.cut()
      }
      if (below(CHANGES / RESTARTS) === 0) await mesh.restartGateway()
      for (let turns = below(30); turns > 0; turns--) await new Promise(setImmediate)
    })
    await allTold.promise
    expect(values.map(({ value }) => value).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: CHANGES }, (_, index) => index),
    )
    for (const key of new Set(values.map((each) => each.key))) {
      const ofKey = values.filter((each) => each.key === key).map(({ value }) => value)
      expect(ofKey).toEqual(ofKey.toSorted((one, other) => one - other))
    }
    expect(cuts).toBeGreaterThan(150)
    if (way !== 'a socket that connects again by itself') expect(interruptions).toBeGreaterThan(20)
    unsubscribe()
  })

  test('a snapshot and what follows folds to the table, however often the connection is cut', async () => {
    const below = seededInteger(way.length + 1)
    const table = new Map(Array.from({ length: ROWS }, (_, number) => [`k${number}`, `${number}.5`]))
    await mesh.telemetry.put([...table].map(([id, value]) => reading(id, { value })))
    const folded = new Map<string, string>()
    const rowsTold: string[] = []
    let completed = 0
    const events = client().iterate<{ event: { id: string; value: string } }>({
      ...REQUEST,
      extensions: { snapshot: true },
    })
    const take = async (): Promise<void> => {
      const { value: event } = (await events.next()) as { value: StreamEvent<{ event: { id: string; value: string } }> }
      if (event.extensions?.snapshotComplete === true) completed++
      if (event.extensions?.snapshot === true) rowsTold.push(keyOf(event))
      if (event.data?.event !== undefined) folded.set(event.data.event.id, event.data.event.value)
    }
    for (let taken = 0; taken < ROWS + 50; taken++) {
      if (below(3) === 0) {
        const id = `k${below(ROWS)}`
        const [before, row] = [table.get(id) ?? '', `${taken}.25`].map((value) => reading(id, { value }))
        if (before === undefined || row === undefined) throw new Error(id)
        table.set(id, `${taken}.25`)
        await mesh.telemetry.put([row])
        await mesh.telemetry.append([mesh.telemetry.change(row, { before, created: false })])
      }
      if (below(4) === 0) mesh.cut()
      await take()
    }
    // One last change in each partition: behind it there is nothing to be told.
    const ends = Array.from(
      { length: await mesh.telemetry.log.partitions(CHANGES_TOPIC) },
      (_, index) => `end-${index}`,
    )
    for (const [partition, end] of ends.entries())
      await mesh.telemetry.append([mesh.telemetry.change(reading(end, { value: '0' }))], partition)
    while (!ends.every((end) => folded.has(end))) await take()
    for (const end of ends) folded.delete(end)
    expect(completed).toBe(1)
    expect(rowsTold.toSorted()).toEqual([...table.keys()].toSorted())
    expect(Object.fromEntries(folded)).toEqual(Object.fromEntries(table))
    await events.return?.()
  })
})
