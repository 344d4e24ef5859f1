// The way to a broker: how it fails, and what a process says of it.
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, describe } from 'vitest'
import { codeOf } from '../conformance/event-log-harness.ts'
import { describeServers, kafkaAddress } from '../servers/test-servers.ts'
import { openLog } from './child-log.ts'

const CHATTY = fileURLToPath(new URL('./chatty-child.ts', import.meta.url))

describe('an address where no broker answers', () => {
  it('is given up in seconds where nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await new Promise((resolve) => server.close(resolve))
    expect(await openLog(`127.0.0.1:${String(port)}`).then(String, codeOf)).toBe('LOG_UNAVAILABLE')
  })

  it('is given up in seconds where something listens and says nothing', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    expect(await openLog(`127.0.0.1:${String(port)}`).then(String, codeOf)).toBe('LOG_UNAVAILABLE')
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  it('is refused where it is no address', async () => {
    for (const address of ['127.0.0.1', ':9092', 'host:port']) {
      expect(await openLog(address).then(String, codeOf)).toBe('CONFIG_INVALID')
    }
  })
})

describeServers('a process that uses the Kafka log', () => {
  it('writes no warning of timers, and ends by itself once the log is closed', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [CHATTY, await kafkaAddress()])
    expect([stdout, stderr]).toEqual(['done\n', ''])
  })
})
