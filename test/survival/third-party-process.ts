// A subgraph of somebody else's as a process: graphql-ws over a schema, and nothing of Meshgate. It counts, from 0, every few milliseconds.
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { buildSchema, graphql } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

const TICK_MS = 20
const [, , port = '0', sdl = ''] = process.argv
const schema = buildSchema(sdl)

async function* ticks(): AsyncGenerator<{ readonly tick: number }> {
  for (let tick = 0; ; tick++) {
    yield { tick }
    await pause(TICK_MS)
  }
}

const server = createServer((request, response) => {
  void (async () => {
    const body = Buffer.concat(await request.toArray()).toString()
    const { query } = JSON.parse(body) as { query: string }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(await graphql({ schema, source: query, rootValue: { now: 1 } })))
  })()
})
const sockets = new WebSocketServer({ server, path: '/graphql' })
useServer({ schema, roots: { subscription: { tick: () => ticks() } } }, sockets)
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('Serves.\n'))
