// Many clients of one gateway, all cut at once and again, so that streams are shared, caught up and shared again: each sees every event once
// and in order of its key. MESHGATE_TEST_CLIENTS and MESHGATE_TEST_CHANGES make it as large as wanted.
import { expect, test } from 'vitest'
import type { StreamEvent } from '../../client/stream-types.ts'
import { seededInteger } from '../seeded-random.ts'
import { reading } from '../subgraphs/telemetry.ts'
import { ClientMesh } from './client-mesh.ts'

const CLIENTS = Number(process.env['MESHGATE_TEST_CLIENTS'] ?? 60)
const CHANGES = Number(process.env['MESHGATE_TEST_CHANGES'] ?? 200)
const KEYS = 10
const REQUEST = { query: 'subscription { event: readingChanged { id value } }' }

interface Told {
  readonly key: string
  readonly value: number
}

/** A client over one way or the other, every third with a snapshot; what it is told of changes. */
function follow(mesh: ClientMesh, number: number, onInterruption: () => void) {
  const told: Told[] = []
  const all = Promise.withResolvers<void>()
  const options = { retryDelayMs: () => Math.random() * 50, onInterruption }
  const client = number % 2 === 0 ? mesh.overSocket(options) : mesh.overEventStream(options)
  const next = ({ data, extensions }: StreamEvent<{ event: { value: string } }>): void => {
    if (extensions?.snapshot === true || extensions?.snapshotComplete === true) return
    told.push({ key: extensions?.key ?? '', value: Number(data?.event.value) })
    if (told.length === CHANGES) all.resolve()
  }
  const unsubscribe = client.subscribe(number % 3 === 0 ? { ...REQUEST, extensions: { snapshot: true } } : REQUEST, {
    next,
    error: (cause) => all.reject(new Error('ended', { cause })),
    complete: () => all.reject(new Error('completed')),
  })
  return { told, all: all.promise, unsubscribe }
}

test('each of many clients is told every change once, however often all of them are cut', async () => {
  const mesh = await ClientMesh.open()
  const below = seededInteger(5)
  await mesh.telemetry.put(Array.from({ length: KEYS }, (_, index) => reading(`k${index}`)))
  let interruptions = 0
  const clients = Array.from({ length: CLIENTS }, (_, number) => follow(mesh, number, () => interruptions++))
  await expect.poll(() => clients.every(({ unsubscribe }) => unsubscribe.cursor !== undefined)).toBe(true)
  for (let value = 0; value < CHANGES; value++) {
    await mesh.telemetry.append([mesh.telemetry.change(reading(`k${below(KEYS)}`, { value: String(value) }))])
    if (below(15) === 0) mesh.cut()
    if (below(100) === 0) await mesh.restartGateway()
    for (let turns = below(40); turns > 0; turns--) await new Promise(setImmediate)
  }
  await Promise.all(clients.map(({ all }) => all))
  const wanted = Array.from({ length: CHANGES }, (_, value) => value)
  for (const { told, unsubscribe } of clients) {
    expect(told.map(({ value }) => value).toSorted((one, other) => one - other)).toEqual(wanted)
    for (const ofKey of Map.groupBy(told, ({ key }) => key).values())
      expect(ofKey).toEqual(ofKey.toSorted((one, other) => one.value - other.value))
    unsubscribe()
  }
  expect(interruptions).toBeGreaterThan(CLIENTS)
  await mesh.close()
})
