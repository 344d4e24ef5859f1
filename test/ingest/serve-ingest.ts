// The routes of an ingest of one product, on a real server and sockets.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startIngest } from '../../ingest/main.ts'
import { openPorts, type TestPorts } from './open-ports.ts'
import { testProduct } from './test-products.ts'

export interface ServedIngest {
  readonly url: string
  readonly port: number
  readonly ports: TestPorts
  readonly caughtUp: () => Promise<void>
  readonly close: () => Promise<void>
}

/** What no route takes is answered with 418. */
export async function serveIngest(): Promise<ServedIngest> {
  const ports = await openPorts()
  const ingest = await startIngest({ products: [testProduct()], ...ports, sweep: false })
  const server = createServer((request, response) => {
    void (async () => {
      for (const route of ingest.routes) if (await route(request, response)) return
      response.writeHead(418).end()
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    ports,
    caughtUp: () => ingest.caughtUp(),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await ingest.close()
      await ports.close()
    },
  }
}
