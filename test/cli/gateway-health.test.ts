// What `/health` of a gateway says, as who sends it requests needs to know.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { gatewayReadiness } from '../../cli/gateway-readiness.ts'
import { createProcesses, root } from './meshgate-process.ts'

const closing: (() => void)[] = []
const processes = createProcesses(() => ({ NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'meshgate') }))
afterEach(async () => {
  await processes.killAll()
  for (const close of closing.splice(0)) close()
})

const READY = { ready: true, reasons: [] as string[] }
const STOPPING = { ready: false, reasons: ['stopping'] }
const there = { name: 'a', reachable: true } as const
const away = { name: 'b', reachable: false, reason: 'refused' } as const

const AWAY = 'subgraph "b" cannot be reached: refused'
test.each([
  { where: 'all is well', subgraphs: [there], ready: true, reasons: [] },
  { where: 'one of two is away', subgraphs: [there, away], ready: true, reasons: [AWAY] },
  { where: 'all are away', subgraphs: [away], ready: false, reasons: [AWAY] },
  { where: 'a new supergraph is refused', subgraphs: [there], problem: 'why', ready: true, reasons: ['why'] },
  { where: 'it stops', subgraphs: [away], own: STOPPING, ready: false, reasons: ['stopping'] },
])('readiness where $where', ({ subgraphs, own = READY, problem = null, ready, reasons }) => {
  const state = { id: 'f00d', problem }
  expect(gatewayReadiness(own, subgraphs, state)).toEqual({ ready, reasons, supergraph: 'f00d' })
})

async function listen(port = 0): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{"__typename":"Query"}}')
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  closing.push(() => server.close())
  return (server.address() as AddressInfo).port
}

test('a gateway that reaches none of its subgraphs is not ready, and is again as soon as one answers', async () => {
  const [books, loans] = [await listen(), await listen()]
  for (const close of closing.splice(0)) close()
  const urls = [
    '--subgraph-url',
    `books=http://127.0.0.1:${books}/`,
    '--subgraph-url',
    `loans=http://127.0.0.1:${loans}/`,
  ]
  const running = processes.start(['gateway', '-s', 'test/cli/apollo-composed.graphql', ...urls])
  const url = await running.printed(/Gateway: (http:\S+)\//)
  const status = async (path: string) => (await fetch(`${url}${path}`, { headers: { connection: 'close' } })).status
  await expect.poll(() => status('/health/ready')).toBe(503)
  expect(await status('/health/live')).toBe(200)
  await listen(books)
  await expect.poll(() => status('/health/ready')).toBe(200)
})
