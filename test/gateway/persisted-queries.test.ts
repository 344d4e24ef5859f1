// Automatic persisted queries as Apollo Client speaks them: the hash first, hash and text where it is not known.
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { createClient } from 'graphql-ws'
import { createHash } from 'node:crypto'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createDocuments } from '../../gateway/documents/documents.ts'
import { NO_TRUSTED_DOCUMENTS } from '../../gateway/documents/trusted-documents.ts'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { limits } from '../../platform/limits.ts'
import { composeMesh, localEndpoint } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const persisted = (sha256Hash: string, version = 1) => ({ persistedQuery: { version, sha256Hash } })

const gateways: Gateway[] = []
afterAll(() => Promise.all(gateways.map((gateway) => gateway.close())))

async function start(persistedQueries: boolean): Promise<Gateway> {
  const gateway = await startGateway({
    mesh: { supergraphSdl: composeMesh(SHOP), endpoints: SHOP.map((subgraph) => localEndpoint(subgraph)) },
    port: 0,
    logger: pino({ level: 'silent' }),
    persistedQueries,
    sharing: 'requests',
  })
  gateways.push(gateway)
  return gateway
}

/** What an Apollo Client sends, and with which outcome. */
function apolloClient(gateway: Gateway, useGETForHashedQueries: boolean) {
  const sent: string[] = []
  const seen: typeof fetch = async (url, init) => {
    const request = new Request(url, init)
    const text = request.method === 'GET' ? decodeURIComponent(request.url) : await request.clone().text()
    const response = await fetch(url, init)
    sent.push(
      `${request.method} ${text.includes('query') && /"query":|[?&]query=/.test(text) ? 'text' : 'hash'} ${response.status}`,
    )
    return response
  }
  const headers = { 'apollo-require-preflight': '1' }
  const link = ApolloLink.from([
    new PersistedQueryLink({ sha256: (text) => sha256(text), useGETForHashedQueries }),
    new HttpLink({ uri: `${gateway.url}/graphql`, fetch: seen, headers }),
  ])
  const client = new ApolloClient({
    link,
    cache: new InMemoryCache(),
    defaultOptions: { query: { fetchPolicy: 'no-cache' } },
  })
  return { client, sent }
}

describe.each([
  ['POST', false],
  ['GET', true],
])('Apollo Client that sends hashes by %s', (method, byGet) => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await start(true)
  })

  test('is asked for the text once, and answered by the hash from then on', async () => {
    const { client, sent } = apolloClient(gateway, byGet)
    const query = gql`
      query Me {
        me {
          name
        }
      }
    `
    for (let time = 0; time < 3; time++) {
      expect((await client.query({ query })).data).toMatchObject({ me: { name: 'Ada' } })
    }
    expect(sent).toEqual([`${method} hash 200`, 'POST text 200', `${method} hash 200`, `${method} hash 200`])
  })
})

test('Apollo Client is told where hashes are not taken, and goes on with texts', async () => {
  const { client, sent } = apolloClient(await start(false), false)
  const query = gql('{ me { name } }')
  for (let time = 0; time < 2; time++)
    expect((await client.query({ query })).data).toMatchObject({ me: { name: 'Ada' } })
  expect(sent[0]).toMatch(/^POST hash/)
  expect(sent.slice(1)).toEqual(['POST text 200', 'POST text 200'])
})

describe('the protocol', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await start(true)
  })
  const post = async (body: unknown, accept = 'application/graphql-response+json'): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', accept }
    const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) })
    return [response.status, await response.json()]
  }

  test('an unknown hash is answered as Apollo’s clients expect', async () => {
    const error = { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }
    expect(await post({ extensions: persisted(sha256('unknown')) })).toEqual([200, { errors: [error] }])
    expect(await post({ extensions: persisted(sha256('unknown')) }, '*/*')).toEqual([200, { errors: [error] }])
  })

  test('a hash that is not the text’s is refused, and nothing is kept', async () => {
    const query = '{ me { id } }'
    const wrong = persisted(sha256('other'))
    expect(await post({ query, extensions: wrong })).toMatchObject([
      400,
      { errors: [{ message: 'provided sha does not match query' }] },
    ])
    expect(await post({ extensions: wrong })).toMatchObject([200, { errors: [{ message: 'PersistedQueryNotFound' }] }])
  })

  test('a text that is not valid is not kept', async () => {
    const query = '{ nothing }'
    const extensions = persisted(sha256(query))
    expect(await post({ query, extensions })).toMatchObject([400, {}])
    expect(await post({ extensions })).toMatchObject([200, { errors: [{ message: 'PersistedQueryNotFound' }] }])
  })

  test.each([{ version: 2, sha256Hash: 'a' }, { version: 1 }, { version: 1, sha256Hash: 5 }, {}])(
    '%o is refused',
    async (persistedQuery) => {
      expect(await post({ query: '{ me { id } }', extensions: { persistedQuery } })).toMatchObject([
        400,
        { errors: [{ extensions: { code: 'REQUEST_INVALID' } }] },
      ])
    },
  )

  test('what one client has sent another asks by hash, over a WebSocket too', async () => {
    const query = '{ me { name } }'
    const extensions = persisted(sha256(query))
    const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
    const ask = async (payload: { query: string }): Promise<unknown> => {
      try {
        return (await client.iterate({ ...payload, extensions }).next()).value
      } catch (error) {
        return error
      }
    }
    expect(await ask({ query: '' })).toMatchObject([{ message: 'PersistedQueryNotFound' }])
    expect(await ask({ query })).toEqual({ data: { me: { name: 'Ada' } } })
    expect(await ask({ query: '' })).toEqual({ data: { me: { name: 'Ada' } } })
    expect(await post({ extensions })).toEqual([200, { data: { me: { name: 'Ada' } } }])
    await client.dispose()
  })
})

test('as many texts are kept as the limits say, the latest used', () => {
  const documents = createDocuments({ mode: 'off', trusted: () => NO_TRUSTED_DOCUMENTS, persistedQueries: true })
  const long = 'x'.repeat(limits.persistedQueryCharactersMax / 4)
  const texts = [1, 2, 3, 4, 5].map((number) => `{ a${number} } #${long}`)
  for (const query of texts) documents.accept({ query, extensions: persisted(sha256(query)) })
  const isKept = (query: string): boolean =>
    'query' in documents.resolve({ query: '', extensions: persisted(sha256(query)) })
  expect(texts.map(isKept)).toEqual([false, false, true, true, true])
})
