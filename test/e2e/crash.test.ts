// SIGKILL of the whole process at seeded points of the first load ends, after a restart, with exactly the same facts.
// Two points in `npm test`; MESHGATE_CRASH_POINTS=10 for the long form, MESHGATE_CRASH_SEED for others.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FOODMART_FACTS, readFacts } from './facts.ts'
import { startEmbeddedMesh } from '../../bench/processes/embedded-mesh.ts'
import { SALE_PRODUCTS } from '../../bench/processes/sale-products.ts'
import { directoryBytes, temporaryDirectory } from './temporary-directory.ts'
import { seededRandom } from '../seeded-random.ts'

const POINTS = Number(process.env['MESHGATE_CRASH_POINTS'] ?? '2')
const SEED = Number(process.env['MESHGATE_CRASH_SEED'] ?? '1997')
const TIMEOUT_MS = 300_000
const POLL_MS = 5

describe('killed during the load', () => {
  let loadedBytes = 0

  beforeAll(async () => {
    const directory = await temporaryDirectory()
    const mesh = await startEmbeddedMesh({ dataDirectory: directory.path, products: SALE_PRODUCTS })
    await mesh.ready()
    await mesh.stop()
    loadedBytes = await directoryBytes(directory.path)
    await directory.remove()
  }, TIMEOUT_MS)

  afterAll(() => {
    loadedBytes = 0
  })

  const random = seededRandom(SEED)
  const points = Array.from({ length: POINTS }, () => 0.02 + random() * 0.9)

  test.each(points)('at %f of its bytes, it ends with the same facts', { timeout: TIMEOUT_MS }, async (point) => {
    const directory = await temporaryDirectory()
    const first = await startEmbeddedMesh({ dataDirectory: directory.path, products: SALE_PRODUCTS })
    const bytes = await untilBytes(directory.path, loadedBytes * point)
    expect(await isReady(first.url)).toBe(false)
    await first.kill()
    const second = await startEmbeddedMesh({ dataDirectory: directory.path, products: SALE_PRODUCTS })
    await second.ready()
    const facts = await readFacts(second.url)
    await second.stop()
    await directory.remove()
    expect({ bytes: bytes >= loadedBytes * point, ...facts }).toEqual({ bytes: true, ...FOODMART_FACTS })
  })
})

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`).then(
    (response) => response.ok,
    () => false,
  )
}

async function untilBytes(directory: string, bytes: number): Promise<number> {
  for (;;) {
    const now = await directoryBytes(directory)
    if (now >= bytes) return now
    await sleep(POLL_MS)
  }
}
