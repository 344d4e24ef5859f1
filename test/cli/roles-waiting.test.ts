// Roles whose servers are away: what they say, and that they can be stopped. No server is needed for that.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProcesses } from './meshgate-process.ts'

let directory = ''
let nowhere = ''
const processes = createProcesses(() => ({
  MESHGATE_DATA_DIR: join(directory, 'data'),
  MESHGATE_KAFKA_BROKERS: nowhere,
  MESHGATE_CASSANDRA_CONTACT_POINTS: nowhere,
}))

/** A port where nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-waiting-'))
  nowhere = `127.0.0.1:${await freePort()}`
})

afterEach(async () => {
  await processes.killAll()
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
})

const AWAY = / at 127\.0\.0\.1:\d+ (has not been reached yet|cannot be reached since .+)$/

test.each([
  { role: 'ingest', path: '/topics/sales.orders' },
  { role: 'subgraph', path: '/graphql' },
])('$role listens and says what it waits for, and a stop ends the waiting', async ({ role, path }) => {
  const port = await freePort()
  const running = processes.start([role, 'sales/orders', '--port', String(port)])
  await Promise.all([running.reported(/(Kafka at \S+ cannot)/), running.reported(/(Cassandra at \S+ cannot)/)])
  const get = async (at: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${at}`, { method })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  expect(await get('/health/live')).toEqual({ status: 200, body: { live: true } })
  expect(await get('/health/ready')).toEqual({
    status: 503,
    body: {
      ready: false,
      reasons: ['starting', expect.stringMatching(AWAY), expect.stringMatching(AWAY)],
    },
  })
  expect(await get(path, 'POST')).toEqual({
    status: 503,
    body: expect.objectContaining({ code: 'ROLE_NOT_READY' }),
  })
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  expect(metrics).toContain('meshgate_server_up{server="kafka"} 0\nmeshgate_server_up{server="cassandra"} 0\n')
  const { code, stdout, stderr } = await running.stop()
  const told = stderr.split('\n').filter((line) => line !== '')
  expect({ code, stdout, told }).toEqual({
    code: 0,
    stdout: '',
    told: [
      expect.stringContaining('cannot be reached. It is tried again'),
      expect.stringContaining('cannot be reached. It is tried again'),
    ],
  })
  // Nothing is kept on this machine.
  expect(await readdir(directory)).toEqual([])
})

test('a load that is stopped while it waits says how to go on', async () => {
  const loading = processes.start(['load', 'sales/orders', 'README.md'])
  await loading.reported(/(cannot be reached)/)
  expect(await loading.stop()).toMatchObject({ code: 1, stderr: expect.stringContaining('Stopped before the end.') })
})
