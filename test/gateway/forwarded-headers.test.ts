// A client's headers at a subgraph: those to forward arrive as they are, and none can stand in place of one of our own or end early.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { HttpEndpoint } from '../../gateway/endpoints/http-endpoint.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function reach(): Promise<{ endpoint: HttpEndpoint; seen: IncomingMessage['headers'][]; host: string }> {
  const seen: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    seen.push(request.headers)
    request.resume()
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const endpoint = new HttpEndpoint({ name: 'remote', url: `http://${host}/graphql` })
  closing.push(
    () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
    () => endpoint.close(),
  )
  return { endpoint, seen, host }
}

const wire = { body: '{"query":"{ ü }"}', isMutation: false, principal: ANONYMOUS, arrival: 1 }
const accept = 'application/graphql-response+json, application/json;q=0.9'

describe('headers to forward', () => {
  test('arrive by both ways of asking, beside our own', async () => {
    const { endpoint, seen, host } = await reach()
    const headers = { Authorization: 'Bearer a', 'x-name': 'Jürgen', 'x-empty': '' }
    await endpoint.exchange({ ...wire, headers })
    await endpoint.execute({ query: '{ ü }', principal: ANONYMOUS, headers })
    const own = { host, accept, 'content-type': 'application/json', 'content-length': '18' }
    const expected = { ...own, authorization: 'Bearer a', 'x-name': 'Jürgen', 'x-empty': '' }
    expect(seen).toEqual([expected, expected])
  })

  test('never stand in place of those of the connection or the body', async () => {
    const { endpoint, seen, host } = await reach()
    const headers = {
      Host: 'evil',
      'Content-Length': '1',
      'content-type': 'text/plain',
      'Transfer-Encoding': 'chunked',
      Connection: 'close, x-kept',
      'keep-alive': 'timeout=1',
      expect: '100-continue',
      upgrade: 'h2c',
      te: 'trailers',
      trailer: 'x',
      accept: 'text/html',
      'accept-encoding': 'gzip',
      'content-encoding': 'gzip',
      'proxy-authorization': 'a',
      'meshgate-whole': '1',
      'x-kept': 'a',
    }
    await endpoint.exchange({ ...wire, headers })
    expect(seen).toEqual([{ host, accept, 'content-type': 'application/json', 'content-length': '18', 'x-kept': 'a' }])
  })

  const hostile: Record<string, Record<string, string>> = {
    'a value with a line break': { 'x-a': 'b\r\nhost: evil' },
    'a value with a bare LF': { 'x-a': 'b\nc' },
    'a value with a NUL': { 'x-a': 'b\0' },
    'a value that is no byte per character': { 'x-a': '€' },
    'a name with a line break': { 'x-a\r\nhost': 'evil' },
    'a name with a colon': { 'host:': 'evil' },
    'an empty name': { '': 'a' },
  }
  for (const [title, headers] of Object.entries(hostile)) {
    test(`are refused with ${title}, and nothing is sent`, async () => {
      const { endpoint, seen } = await reach()
      const refused = { code: 'REQUEST_INVALID' }
      await expect(endpoint.exchange({ ...wire, headers })).rejects.toMatchObject(refused)
      await expect(endpoint.execute({ query: '{ a }', principal: ANONYMOUS, headers })).rejects.toMatchObject(refused)
      await expect(endpoint.subscribe({ query: '{ a }', principal: ANONYMOUS, headers })).rejects.toMatchObject(refused)
      expect(seen).toEqual([])
    })
  }
})
