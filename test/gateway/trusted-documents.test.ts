// Trusted documents: what a manifest may be, how clients ask by id over every protocol, and that nothing else is answered where only they are.
import { createClient } from 'graphql-ws'
import { createHash } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createDocuments } from '../../gateway/documents/documents.ts'
import { readManifest, type TrustedDocuments } from '../../gateway/documents/trusted-documents.ts'
import { createEngine } from '../../gateway/engine.ts'
import { startGateway, type Gateway, type GatewayOptions } from '../../gateway/main.ts'
import { createPlanner, type Planner } from '../../gateway/plan/planner.ts'
import { readSupergraph } from '../../gateway/supergraph/read-supergraph.ts'
import { composeMesh, localEndpoint } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'

const ME = '{ me { name } }'
const USER = 'query User($id: ID!) { user(id: $id) { name } }'
const SEVERAL = 'query A { me { name } } query B { me { id } }'
const COUNT = 'mutation { count }'
const HASH = createHash('sha256').update(ME).digest('hex')
const PLAIN = {
  [`sha256:${HASH}`]: ME,
  mine: '{ me { id } }',
  user: USER,
  several: SEVERAL,
  count: COUNT,
  broken: '{ gone }',
}

describe('a manifest', () => {
  const textsOf = (json: unknown, ids: readonly string[]): unknown => {
    const read = readManifest(JSON.stringify(json))
    return read.kind === 'read' ? ids.map((id) => read.documents.textOf(id)) : read.problems
  }

  test('is a map of ids to documents', () => {
    expect(textsOf(PLAIN, ['user', HASH, `sha256:${HASH}`, 'other', '__proto__'])).toEqual([
      USER,
      ME,
      ME,
      undefined,
      undefined,
    ])
  })

  test('or what Apollo’s generators write', () => {
    const operations = [
      { id: HASH, body: ME, name: 'Me', type: 'query' },
      { id: 'u', body: USER, name: 'User', type: 'query' },
    ]
    const manifest = { format: 'apollo-persisted-query-manifest', version: 1, operations }
    expect(textsOf(manifest, [HASH, `sha256:${HASH}`, 'u'])).toEqual([ME, ME, USER])
  })

  test('is refused with everything that is wrong', () => {
    const wrong = {
      'a b': ME,
      number: 1,
      syntax: '{ me',
      empty: 'fragment F on User { id }',
      [`sha256:${'0'.repeat(64)}`]: ME,
    }
    expect(textsOf(wrong, [])).toEqual([
      expect.stringContaining('"a b": this is no id'),
      expect.stringContaining('"number": its document is no text'),
      expect.stringContaining('"syntax": Syntax Error'),
      expect.stringContaining('"empty": it has no operation'),
      expect.stringContaining('the hash is not that of its document'),
    ])
    const twice = { operations: [{ id: 'a', body: ME }, { id: 'a', body: USER }, { body: ME }] }
    expect(textsOf(twice, [])).toEqual([
      expect.stringContaining('operations[1] (a): another document has this id'),
      expect.stringContaining('operations[2]: this is no id'),
    ])
  })

  test.each(['', '[]', '{"format":"apollo-persisted-query-manifest"}', '{'])('%s is none', (text) => {
    expect(readManifest(text)).toMatchObject({ kind: 'invalid', problems: [expect.any(String)] })
  })
})

let directory: string
let path: string
const open: Gateway[] = []
const logged: string[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trusted-'))
  path = join(directory, 'manifest.json')
  await writeFile(path, JSON.stringify(PLAIN))
})
afterAll(async () => {
  await Promise.all(open.map((gateway) => gateway.close()))
  await rm(directory, { recursive: true })
})

async function start(options: Partial<GatewayOptions>): Promise<Gateway> {
  const gateway = await startGateway({
    mesh: { supergraphSdl: composeMesh(SHOP), endpoints: SHOP.map((subgraph) => localEndpoint(subgraph)) },
    port: 0,
    logger: pino({ level: 'error' }, { write: (line: string) => void logged.push(line) }),
    ...options,
  })
  open.push(gateway)
  return gateway
}

async function post(
  gateway: Gateway,
  body: unknown,
  accept = 'application/json',
): Promise<[status: number, body: unknown]> {
  const headers = { 'content-type': 'application/json', accept }
  const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) })
  return [response.status, await response.json()]
}

async function get(gateway: Gateway, search: Record<string, string>): Promise<[status: number, body: unknown]> {
  const headers = { 'apollo-require-preflight': '1' }
  const response = await fetch(`${gateway.url}/graphql?${new URLSearchParams(search).toString()}`, { headers })
  return [response.status, await response.json()]
}

const refusal = (code: string): object => ({ errors: [{ extensions: { code } }] })
const ID = { data: { me: { id: 'u1' } } }
const ADA = { data: { me: { name: 'Ada' } } }

describe('beside other documents', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await start({ trustedDocuments: { path, mode: 'also', pollMs: 20 }, sharing: 'requests', batchMax: 5 })
  })

  test('they are answered by id over POST and GET, with variables and names', async () => {
    expect(await post(gateway, { documentId: `sha256:${HASH}` })).toEqual([200, ADA])
    expect(await post(gateway, { documentId: 'user', variables: { id: 'u1' } })).toMatchObject([
      200,
      { data: { user: {} } },
    ])
    expect(await post(gateway, { documentId: 'several', operationName: 'A' })).toEqual([200, ADA])
    expect(await get(gateway, { documentId: HASH })).toEqual([200, ADA])
    expect(await get(gateway, { documentId: 'user', variables: '{"id":"u1"}' })).toMatchObject([
      200,
      { data: { user: {} } },
    ])
  })

  test('different ids are different questions where answers are shared', async () => {
    const ids = ['mine', HASH, 'mine', HASH]
    const bodies = await Promise.all(ids.map((documentId) => post(gateway, { documentId })))
    expect(bodies.map(([, body]) => body)).toEqual([ID, ADA, ID, ADA])
  })

  test('a mutation by GET stays refused', async () => {
    expect((await get(gateway, { documentId: 'count' }))[0]).toBe(405)
  })

  test('an unknown id is one error, with the status that its media type has', async () => {
    expect(await post(gateway, { documentId: 'other' })).toMatchObject([200, refusal('DOCUMENT_NOT_FOUND')])
    expect(await post(gateway, { documentId: '../../etc/passwd' }, 'application/graphql-response+json')).toMatchObject([
      400,
      refusal('DOCUMENT_NOT_FOUND'),
    ])
  })

  test('an id and a text are too much, neither is too little, and a number is no id', async () => {
    expect(await post(gateway, { documentId: 'user', query: ME })).toMatchObject([200, refusal('REQUEST_INVALID')])
    expect((await post(gateway, { variables: {} }))[0]).toBe(400)
    expect((await post(gateway, { documentId: 1 }))[0]).toBe(400)
  })

  test('text of clients’ own is answered, and both in one batch', async () => {
    expect(await post(gateway, [{ query: ME }, { documentId: HASH }, { documentId: 'other' }])).toMatchObject([
      200,
      [ADA, ADA, refusal('DOCUMENT_NOT_FOUND')],
    ])
  })

  test('a document that the schema does not fit is refused when it is asked', async () => {
    expect(await post(gateway, { documentId: 'broken' })).toMatchObject([200, refusal('DOCUMENT_INVALID')])
  })

  test('a changed manifest is served without a restart; a broken one changes nothing and is logged', async () => {
    const replace = async (text: string): Promise<void> => {
      await writeFile(`${path}.new`, text)
      await rename(`${path}.new`, path)
    }
    await replace(JSON.stringify({ ...PLAIN, late: ME }))
    await expect.poll(() => post(gateway, { documentId: 'late' })).toEqual([200, ADA])
    await replace('{ "late": ')
    await expect.poll(() => logged.join('')).toContain('It is no JSON object')
    expect(await post(gateway, { documentId: 'late' })).toEqual([200, ADA])
    await replace(JSON.stringify(PLAIN))
    await expect.poll(() => post(gateway, { documentId: 'late' })).toMatchObject([200, refusal('DOCUMENT_NOT_FOUND')])
  })
})

describe('where only they are answered', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await start({ trustedDocuments: { path, mode: 'only' }, batchMax: 5, sharing: 'requests' })
  })

  test.each([
    ['a text', { query: ME }],
    ['introspection', { query: '{ __schema { queryType { name } } }' }],
    ['a text and its hash', { query: ME, extensions: { persistedQuery: { version: 1, sha256Hash: HASH } } }],
    ['a broken text', { query: '{' }],
  ])('%s is refused', async (_title, body) => {
    expect(await post(gateway, body)).toMatchObject([200, refusal('TRUSTED_DOCUMENT_REQUIRED')])
  })

  test('each of a batch is decided by itself', async () => {
    expect(await post(gateway, [{ query: ME }, { documentId: HASH }])).toMatchObject([
      200,
      [refusal('TRUSTED_DOCUMENT_REQUIRED'), ADA],
    ])
  })

  test('Apollo’s clients, who send the id as a hash, are answered; a hash that is no id is not', async () => {
    const extensions = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } })
    expect(await post(gateway, extensions(HASH))).toEqual([200, ADA])
    expect(await post(gateway, extensions('0'.repeat(64)))).toMatchObject([200, refusal('DOCUMENT_NOT_FOUND')])
  })

  test('over a WebSocket it is the same, by payload and by extensions', async () => {
    const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
    const ask = async (payload: object): Promise<unknown> => {
      try {
        const { value } = await client.iterate({ query: '', ...payload }).next()
        return value
      } catch (error) {
        return error
      }
    }
    expect(await ask({ documentId: HASH })).toEqual(ADA)
    expect(await ask({ extensions: { documentId: 'user' }, variables: { id: 'u1' } })).toMatchObject({
      data: { user: {} },
    })
    expect(await ask({ query: ME })).toMatchObject([{ extensions: { code: 'TRUSTED_DOCUMENT_REQUIRED' } }])
    expect(await ask({ documentId: 'other' })).toMatchObject([{ extensions: { code: 'DOCUMENT_NOT_FOUND' } }])
    await client.dispose()
  })

  test('a new supergraph answers them as the old one did', async () => {
    await gateway.replaceSupergraph({
      supergraphSdl: composeMesh(SHOP),
      endpoints: SHOP.map((subgraph) => localEndpoint(subgraph)),
    })
    expect(await post(gateway, { documentId: HASH })).toEqual([200, ADA])
    expect(await post(gateway, { query: ME })).toMatchObject([200, refusal('TRUSTED_DOCUMENT_REQUIRED')])
  })
})

test('they are planned before they are asked, and by the time that they are asked no more', async () => {
  const supergraphSdl = composeMesh(SHOP)
  const inner = createPlanner(readSupergraph(supergraphSdl), supergraphSdl)
  let planned = 0
  const planner: Planner = { ...inner, plan: (...given) => (planned++, inner.plan(...given)) }
  const read = readManifest(JSON.stringify(PLAIN))
  if (read.kind === 'invalid') throw new Error('refused')
  const trusted = (): TrustedDocuments => read.documents
  const documents = createDocuments({ mode: 'only', trusted, persistedQueries: false })
  const endpoints = SHOP.map((subgraph) => localEndpoint(subgraph))
  const engine = createEngine({ supergraphSdl, endpoints, planner, documents })
  await engine.warmUp(read.documents.operations())
  // Of six documents one has two operations and one is not valid.
  expect(planned).toBe(6)
  expect(await engine.execute({ query: '', documentId: HASH })).toEqual(ADA)
  expect(await engine.execute({ query: '', documentId: 'several', operationName: 'A' })).toEqual(ADA)
  expect(await engine.execute({ query: '', documentId: 'user', variables: { id: 'u1' } })).toHaveProperty('data')
  expect(planned).toBe(6)
})

test('a gateway does not start on a manifest that cannot be used', async () => {
  await expect(start({ trustedDocuments: { path: join(directory, 'none.json'), mode: 'only' } })).rejects.toMatchObject(
    {
      code: 'FILE_UNREADABLE',
    },
  )
  const wrong = join(directory, 'wrong.json')
  await writeFile(wrong, JSON.stringify({ a: '{', b: 2 }))
  await expect(start({ trustedDocuments: { path: wrong, mode: 'only' } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/"a": Syntax Error.*\n"b": its document is no text/) as unknown,
  })
})
