// A gateway that is attacked goes on answering the others, and tells an attacker nothing of its inside.
import pino from 'pino'
import { expect, test } from 'vitest'
import { startGateway } from '../../gateway/main.ts'
import { composeMesh, localEndpoint } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'
import { hostileRequest, send } from './hostile-requests.ts'
import { seededRandom } from '../seeded-random.ts'

const REQUESTS = 400
const AT_ONCE = 8
/** Attackers who leave something unfinished wait no longer. */
const WAIT_MS = 150
const INTERNALS = /node_modules|\.ts:\d|\.js:\d|TypeError|RangeError|SyntaxError|"INTERNAL"/

test(`answers the others while ${REQUESTS} hostile requests come`, { timeout: 60_000 }, async () => {
  const failures: unknown[] = []
  const logger = pino({ level: 'error' }, { write: (line: string) => void failures.push(line) })
  const gateway = await startGateway({
    mesh: { supergraphSdl: composeMesh(SHOP), endpoints: SHOP.map((subgraph) => localEndpoint(subgraph)) },
    port: 0,
    logger,
    // With everything on that can be attacked.
    cost: { max: 50_000, tell: true },
    batchMax: 5,
    forwardHeaders: ['authorization', 'cookie'],
    sharing: 'requests',
    cors: { origins: ['https://app.example'], credentials: true },
  })
  const random = seededRandom(20_261_121)
  const leaks: string[] = []
  const attack = async (): Promise<void> => {
    for (let count = 0; count < REQUESTS / AT_ONCE; count++) {
      const request = hostileRequest(random)
      const answer = await send(gateway.port, request, WAIT_MS)
      if (INTERNALS.test(answer)) leaks.push(`${request.kind}: ${answer.slice(0, 500)}`)
    }
  }
  const attackers = Promise.all(Array.from({ length: AT_ONCE }, attack))
  for (let count = 0; count < 20; count++) {
    const response = await fetch(`${gateway.url}/graphql?query={me{name}}`, {
      headers: { 'apollo-require-preflight': '1' },
    })
    expect(await response.json()).toMatchObject({
      data: { me: { name: 'Ada' } },
      extensions: { cost: { estimated: 1 } },
    })
  }
  await attackers
  expect({ leaks, failures }).toEqual({ leaks: [], failures: [] })
  await gateway.close()
})
