// A subgraph written by hand, with Federation's access directives: through `meshgate compose` to `meshgate gateway`, as a user runs them.
import { buildSubgraphSchema } from '@apollo/subgraph'
import { execute, parse } from 'graphql'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AUDIENCE, issueKey, startIssuer, type Issuer, type IssuedKey } from '../gateway/token-issuer.ts'
import { createProcesses } from './meshgate-process.ts'

const SDL = `extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated", "@requiresScopes", { name: "@policy", as: "@rule" }])
  type Query { open: Int  mine: Int @authenticated  orders: Int @requiresScopes(scopes: [["orders"]])  audit: Int @rule(policies: [["auditor"]]) }`

let directory = ''
let subgraph: Server
let issuer: Issuer
let key: IssuedKey
const processes = createProcesses(() => ({ NODE_ENV: 'production' }))

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-protected-'))
  key = await issueKey('one')
  issuer = await startIssuer([key])
  const values = { open: 1, mine: 2, orders: 3, audit: 4 }
  const schema = buildSubgraphSchema([{ typeDefs: parse(SDL), resolvers: { Query: resolversOf(values) } }])
  subgraph = createServer((request, response) => {
    void (async () => {
      const { query } = JSON.parse(await text(request)) as { query: string }
      const result = await execute({ schema, document: parse(query) })
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
    })()
  }).listen(0, '127.0.0.1')
  await once(subgraph, 'listening')
})
afterAll(async () => {
  await processes.killAll()
  await issuer.close()
  subgraph.closeAllConnections()
  subgraph.close()
  await rm(directory, { recursive: true, force: true })
})

function resolversOf(values: Record<string, number>) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, () => value]))
}

async function startGateway(): Promise<string> {
  const supergraph = join(directory, 'supergraph.graphql')
  const services = `protected=http://127.0.0.1:${(subgraph.address() as AddressInfo).port}/graphql`
  const composed = await processes.run(['compose', '--out', supergraph, services])
  expect(composed.code, composed.stderr).toBe(0)
  const keys = join(directory, 'keys.json')
  await writeFile(keys, JSON.stringify({ keys: issuer.published }))
  const gateway = processes.start(
    ['gateway', '-s', supergraph, '--token-issuer', `${issuer.issuer}=${keys}`, '--claim-policies', 'roles'],
    { MESHGATE_TOKEN_AUDIENCES: AUDIENCE },
  )
  return gateway.printed(/Gateway: (http:\S+)\//)
}

test('what it protects is shown to whose token says so, and to nobody else', async () => {
  const url = await startGateway()
  const ask = async (headers: Record<string, string>) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: '{ open mine orders audit }' }),
    })
    return (await response.json()) as { data: unknown; errors?: { extensions: { code: string } }[] }
  }
  const bearer = async (claims: Record<string, unknown>) => ({
    authorization: `Bearer ${await issuer.sign(key, claims)}`,
  })
  const nobody = await ask({})
  expect(nobody.data).toEqual({ open: 1, mine: null, orders: null, audit: null })
  expect(nobody.errors?.map(({ extensions }) => extensions.code)).toEqual(
    Array.from({ length: 3 }, () => 'UNAUTHORIZED_FIELD_OR_TYPE'),
  )
  expect((await ask(await bearer({}))).data).toEqual({ open: 1, mine: 2, orders: null, audit: null })
  const all = await ask(await bearer({ scope: 'orders', roles: ['auditor'] }))
  expect(all).toEqual({ data: { open: 1, mine: 2, orders: 3, audit: 4 } })
  expect(await ask({ authorization: 'Bearer x' })).toMatchObject({
    errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  })
})
