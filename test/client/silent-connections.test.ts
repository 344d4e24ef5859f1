// Connections that stay and bring nothing: they are found out, and every event comes once.
import { expect, test } from 'vitest'
import { reading } from '../subgraphs/telemetry.ts'
import { ClientMesh } from './client-mesh.ts'

const REQUEST = { query: 'subscription { event: readingChanged { id } }' }

test.for(['a socket', 'an event stream'])('silence of %s is a lost connection', async (way) => {
  const mesh = await ClientMesh.open()
  const client =
    way === 'a socket'
      ? mesh.overSocket({ pongMsMax: 100 }, { keepAlive: 50 })
      : mesh.overEventStream({ silenceMsMax: 300 })
  const told: (string | undefined)[] = []
  const interruptions: unknown[] = []
  const unsubscribe = client.subscribe(
    REQUEST,
    { next: ({ extensions }) => told.push(extensions?.key), error: () => undefined, complete: () => undefined },
    { onInterruption: (error) => interruptions.push(error) },
  )
  await expect.poll(() => unsubscribe.cursor).toBeTypeOf('string')
  for (let number = 0; number < 5; number++) {
    await mesh.telemetry.append([mesh.telemetry.change(reading(String(number)))])
    await expect.poll(() => told.at(-1)).toBe(String(number))
    const before = interruptions.length
    mesh.proxy.freeze()
    await expect.poll(() => interruptions.length).toBeGreaterThan(before)
  }
  expect(told).toEqual(['0', '1', '2', '3', '4'])
  unsubscribe()
  await mesh.close()
})
