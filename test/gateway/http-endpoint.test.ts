// A subgraph over HTTP: what counts as an answer, what is repeated, and what ends it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { HttpEndpoint } from '../../gateway/endpoints/http-endpoint.ts'

const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void

async function endpointOver(
  answer: Answer,
  timeoutMs = 5_000,
): Promise<{ endpoint: HttpEndpoint; requests: () => number }> {
  let count = 0
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => answer(request, response, ++count))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const endpoint = new HttpEndpoint({ name: 'remote', url: `http://127.0.0.1:${port}/graphql`, timeoutMs })
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  closing.push(() => endpoint.close())
  return { endpoint, requests: () => count }
}

const request = { query: '{ a }', principal: ANONYMOUS }

function send(status: number, type: string, body: string): Answer {
  return (_, response) => void response.writeHead(status, { 'content-type': type }).end(body)
}

describe('an HTTP subgraph', () => {
  const answers: Record<string, [Answer, unknown]> = {
    data: [send(200, 'application/json', '{"data":{"a":1}}'), { data: { a: 1 } }],
    'errors with status 400': [
      send(400, 'application/json', '{"errors":[{"message":"x"}]}'),
      { errors: [{ message: 'x' }] },
    ],
  }
  for (const [title, [answer, expected]] of Object.entries(answers)) {
    test(`answers with ${title}`, async () => {
      expect(await (await endpointOver(answer)).endpoint.execute(request)).toEqual(expected)
    })
  }

  const failures: Record<string, [Answer, string]> = {
    'status 500': [send(500, 'application/json', '{"errors":[{"message":"x"}]}'), 'SUBGRAPH_UNAVAILABLE'],
    'a page of a proxy': [send(502, 'text/html', '<html>'), 'SUBGRAPH_UNAVAILABLE'],
    'text that is no JSON': [send(200, 'application/json', 'hello'), 'SUBGRAPH_PROTOCOL'],
    'JSON that is no response': [send(200, 'application/json', '[1]'), 'SUBGRAPH_PROTOCOL'],
    'nothing in time': [() => undefined, 'SUBGRAPH_TIMEOUT'],
  }
  for (const [title, [answer, code]] of Object.entries(failures)) {
    test(`fails with ${code} on ${title}`, async () => {
      const { endpoint } = await endpointOver(answer, 200)
      await expect(endpoint.execute(request)).rejects.toMatchObject({ code })
    })
  }

  const dropFirst: Answer = (_, response, count) => {
    if (count === 1) response.destroy()
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{"a":2}}')
  }

  test('is asked once more when the connection broke under a query', async () => {
    const { endpoint, requests } = await endpointOver(dropFirst)
    expect(await endpoint.execute(request)).toEqual({ data: { a: 2 } })
    expect(requests()).toBe(2)
  })

  test('is not asked again when it broke under a mutation', async () => {
    const { endpoint, requests } = await endpointOver(dropFirst)
    await expect(endpoint.execute({ ...request, query: 'mutation { a }' })).rejects.toMatchObject({
      code: 'SUBGRAPH_UNAVAILABLE',
    })
    expect(requests()).toBe(1)
  })

  test('is left when the client leaves', async () => {
    const client = new AbortController()
    const { endpoint } = await endpointOver(() => client.abort(new Error('left')))
    await expect(endpoint.execute({ ...request, signal: client.signal })).rejects.toThrow('left')
  })

  test('that is down refuses queries and subscriptions alike', async () => {
    const endpoint = new HttpEndpoint({ name: 'down', url: 'http://127.0.0.1:1/graphql' })
    closing.push(() => endpoint.close())
    await expect(endpoint.execute(request)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE', retryable: true })
    await expect(endpoint.subscribe({ ...request, query: 'subscription { a }' })).rejects.toMatchObject({
      code: 'SUBGRAPH_UNAVAILABLE',
    })
  })
})
