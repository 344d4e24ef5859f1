// What whoever reaches a subgraph's own port can do wrong is told to them: nothing of it is a failure that the log tells of.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { limits } from '../../platform/limits.ts'
import type { SubgraphServer } from '../../subgraphs/main.ts'
import { request, Telemetry } from './telemetry.ts'

let telemetry: Telemetry
let server: SubgraphServer
const written = vi.spyOn(console, 'error')

beforeEach(async () => {
  telemetry = await Telemetry.open()
  server = await telemetry.subgraph.serve(0)
})
afterEach(async () => {
  expect(telemetry.errors).toEqual([])
  expect(written).not.toHaveBeenCalled()
  await telemetry.close()
})

const subscribe = (id: string) => ({
  type: 'subscribe',
  id,
  payload: { query: 'subscription { readingCreated { id } }' },
})
const LONG_ID = 'é'.repeat(200)

const VIOLATIONS: Record<string, readonly [messages: readonly unknown[], code: number]> = {
  'a message that is no JSON': [['hello'], 4400],
  'a message that only a server sends': [[{ type: 'next', id: '1', payload: {} }], 4400],
  'an id that is in use, and long': [[subscribe(LONG_ID), subscribe(LONG_ID)], 4409],
  'a message beyond the limit': [['x'.repeat(limits.subgraphMessageBytesMax + 1)], 1009],
  'bytes that are no text': [[Buffer.from([0xc3, 0x28])], 1007],
}

test.each(Object.entries(VIOLATIONS))('a WebSocket is closed on %s', async (_name, [messages, code]) => {
  const socket = new WebSocket(server.url.replace('http', 'ws'), 'graphql-transport-ws')
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send('{"type":"connection_init"}')
  await new Promise((resolve) => socket.once('message', resolve))
  for (const message of messages) {
    const text = typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)
    socket.send(text, { binary: false })
  }
  expect(await closed).toBe(code)
})

describe.each(['compiled', 'by graphql-js'])('%s', (way) => {
  // What introspects is not compiled.
  const ask = async (query: string, variables = {}) => {
    const { errors = [] } = await telemetry.subgraph.endpoint.execute(request(query, { variables }))
    return errors.map(({ extensions }) => extensions?.['code'])
  }

  test('representations of what is no entity here are refused', async () => {
    const more = way === 'compiled' ? '' : ' __schema { queryType { name } }'
    for (const name of ['Nothing', '_Service', 'ReadingConnection', 'Query', undefined]) {
      const query = `query ($of: [_Any!]!) { _entities(representations: $of) { __typename }${more} }`
      expect(await ask(query, { of: [{ __typename: name, id: '1' }] }), name).toEqual(['ARGUMENT_INVALID'])
    }
  })
})

/** Each spreads the next, the last the first. */
function cycle(length: number): string {
  const fragment = (_: unknown, index: number): string => {
    const next = `...C${(index + 1) % length}`
    return `fragment C${index} on Reading { id previous { ${next} } ${next} }`
  }
  return `{ reading(id: 1) { ...C0 } } ${Array.from({ length }, fragment).join(' ')}`
}

test.each([
  ['fields', `{ ${'sensor { '.repeat(50_000)}id${' }'.repeat(50_000)} }`],
  ['fragments', `{ ${'... { '.repeat(20_000)}__typename${' }'.repeat(20_000)} }`],
  ['lists', `{ reading(id: ${'['.repeat(50_000)}${']'.repeat(50_000)}) { id } }`],
  ['fragments that spread one another', cycle(200)],
])('%s inside one another without end are refused', async (_name, query) => {
  const answer = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'DOCUMENT_TOO_LARGE' } }] })
})

test('nor by GET', async () => {
  const answer = await fetch(`${server.url}?query=${encodeURIComponent(cycle(150))}`, {
    headers: { 'apollo-require-preflight': '1' },
  })
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'DOCUMENT_TOO_LARGE' } }] })
})

test('a mutation is refused where there are none', async () => {
  const { errors } = await telemetry.subgraph.endpoint.execute(request('mutation { a: __typename }'))
  expect(errors?.map(({ message }) => message)).toEqual(['Schema is not configured to execute mutation operation.'])
})
