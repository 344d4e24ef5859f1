// Ports for servers: free ones below those that the system gives to outgoing connections. From that range a client could take the port of
// a server that is down for a moment, even by connecting to itself while it retries.
import { createServer } from 'node:net'
import { MeshgateError } from '../platform/errors.ts'

const FIRST_PORT = 20_000
const PORTS = 12_000
/** Processes that start at once have ids that lie close; this many ports each before they meet. */
const PORTS_PER_PROCESS = 16

let taken = 0

export async function pickPort(host: string): Promise<number> {
  for (let attempt = 0; attempt < PORTS; attempt += 1) {
    const port = FIRST_PORT + ((process.pid * PORTS_PER_PROCESS + taken) % PORTS)
    taken += 1
    if (await isPortFree(host, port)) return port
  }
  throw new MeshgateError('PORT_IN_USE', `No port from ${String(FIRST_PORT)} on is free on ${host}.`)
}

export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => {
      resolve(false)
    })
    probe.listen(port, host, () => {
      probe.close(() => {
        resolve(true)
      })
    })
  })
}
