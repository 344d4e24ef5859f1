// What `meshgate gateway` is told of what one client may take, as a process: its options hold, and metrics and the log say what was refused.
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { AUDIENCE, issueKey, startIssuer, type Issuer } from '../gateway/token-issuer.ts'
import { startLibrary, type Library } from './library-subgraphs.ts'
import { createProcesses, root } from './meshgate-process.ts'

let library: Library
let issuer: Issuer
const sockets: WebSocket[] = []
const processes = createProcesses(() => ({ NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'meshgate') }))

beforeAll(async () => {
  library = await startLibrary()
  issuer = await startIssuer([await issueKey('one')])
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  await processes.killAll()
})
afterAll(async () => {
  await library.close()
  await issuer.close()
})

test('bounds wrong tokens and WebSockets by their options, and tells what it refused', async () => {
  const urls = ['--subgraph-url', `books=${library.booksUrl}`, '--subgraph-url', `loans=${library.loansUrl}`]
  const tokens = ['--token-issuer', `${issuer.issuer}=${issuer.jwksUrl}`, '--token-audience', AUDIENCE]
  const bounds = ['--trusted-proxies', '1', '--token-failures', '1', '--sockets-per-client', '1', '--sockets', '2']
  const environment = { MESHGATE_REQUEST_LOG: 'all', MESHGATE_REQUEST_LOG_PRINCIPAL: 'plain' }
  const args = ['gateway', '-s', 'test/cli/apollo-composed.graphql', ...urls, ...tokens, ...bounds]
  const running = processes.start(args, environment)
  const url = await running.printed(/Gateway: (http:\S+)\//)
  const wrong = await issuer.sign(await issueKey('one'))
  const ask = async (headers: Record<string, string>): Promise<number> => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"query":"{ asked }"}',
    }
    return (await fetch(`${url}/graphql`, init)).status
  }
  const attacker = { 'x-forwarded-for': '6.6.6.6', authorization: `Bearer ${wrong}` }
  expect([await ask(attacker), await ask(attacker), await ask({})]).toEqual([401, 429, 200])

  const open = (address: string): Promise<number> => {
    const headers = { 'x-forwarded-for': address }
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
    sockets.push(socket)
    socket.on('error', () => undefined)
    return new Promise((resolve) => {
      socket.on('open', () => resolve(101))
      socket.on('unexpected-response', (_request, response) => resolve(response.resume().statusCode ?? 0))
    })
  }
  expect([await open('1.1.1.1'), await open('1.1.1.1'), await open('2.2.2.2'), await open('3.3.3.3')]).toEqual([
    101, 429, 101, 503,
  ])
  const metrics = (await (await fetch(`${url}/metrics`)).text()).split('\n')
  expect(metrics.filter((line) => /^meshgate_gateway_(?:refused_total|websockets)/.test(line)).toSorted()).toEqual([
    'meshgate_gateway_refused_total{via="http",status="401",code="UNAUTHENTICATED"} 1',
    'meshgate_gateway_refused_total{via="http",status="429",code="RATE_LIMITED"} 1',
    'meshgate_gateway_refused_total{via="websocket",status="429",code="CONNECTIONS_EXCEEDED"} 1',
    'meshgate_gateway_refused_total{via="websocket",status="503",code="CONNECTIONS_EXCEEDED"} 1',
    'meshgate_gateway_websockets 2',
  ])
  const { stderr } = await running.stop()
  const lines = stderr.split('\n').filter((line) => line.includes('"msg":"refused"'))
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { via: 'http', method: 'POST', status: 401, codes: ['UNAUTHENTICATED'], address: '6.6.6.6' },
    { via: 'http', method: 'POST', status: 429, codes: ['RATE_LIMITED'], address: '6.6.6.6' },
    { via: 'websocket', method: 'GET', status: 429, codes: ['CONNECTIONS_EXCEEDED'], address: '1.1.1.1' },
    { via: 'websocket', method: 'GET', status: 503, codes: ['CONNECTIONS_EXCEEDED'], address: '3.3.3.3' },
  ])
})
