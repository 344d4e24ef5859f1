// The principal on its way to a subgraph in another process: the gateway asserts it, the subgraph answers nothing without that.
import { generateKeyPairSync } from 'node:crypto'
import { createClient } from 'graphql-ws'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { createAssertionSigner, type AssertionSigner } from '../../platform/governance/assertion-signer.ts'
import { createAssertionVerifier } from '../../platform/governance/assertion-verifier.ts'
import { KeySet } from '../../platform/governance/key-set.ts'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { systemClock } from '../../platform/system-clock.ts'
import type { SubgraphServer } from '../../subgraphs/runtime/subgraph.ts'
import { reading, Telemetry } from '../subgraphs/telemetry.ts'
import { AUDIENCE, issueKey, startIssuer, type Issuer, type IssuedKey } from './token-issuer.ts'
import { post } from './stream-mesh.ts'

const NAME = 'telemetry-readings'
const QUERY = '{ reading(id: "1") { id } }'
const CREATED = 'subscription { readingCreated { id } }'

let aheadMs = 0
const clock: Clock = { ...systemClock, now: () => Date.now() + aheadMs }
let telemetry: Telemetry
let server: SubgraphServer
let gateway: Gateway
let signer: AssertionSigner
let issuer: Issuer
let key: IssuedKey
let verified: Principal[]

function newSigner(): AssertionSigner {
  const { privateKey } = generateKeyPairSync('ed25519')
  return createAssertionSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), clock)
}

beforeEach(async () => {
  aheadMs = 0
  verified = []
  signer = newSigner()
  key = await issueKey('one')
  issuer = await startIssuer([key])
  telemetry = await Telemetry.open()
  await telemetry.put([reading('1')])
  const started = Promise.withResolvers<string>()
  const verifiers: { now: ReturnType<typeof createAssertionVerifier> | null } = { now: null }
  const subgraph = telemetry.another({
    verifyAssertion: async (assertion) => {
      // The gateway's own public keys, over HTTP.
      verifiers.now ??= createAssertionVerifier(
        new KeySet({ from: `${await started.promise}/.well-known/jwks.json`, clock, onFailure: () => undefined }),
        NAME,
        clock,
      )
      const asserted = await verifiers.now(assertion)
      verified.push(asserted.principal)
      return asserted
    },
  })
  server = await subgraph.serve(0)
  const composed = composeSupergraph([{ name: NAME, sdl: subgraph.sdl, url: server.url }])
  if (composed.kind === 'failed') throw new Error(JSON.stringify(composed.problems))
  gateway = await startGateway({
    mesh: { supergraphSdl: composed.supergraphSdl },
    port: 0,
    logger: pino({ level: 'silent' }),
    forwardHeaders: ['x-tenant'],
    subgraphSettings: { [NAME]: { isOurs: true } },
    assertions: signer,
    authentication: { issuers: [{ issuer: issuer.issuer, keys: issuer.jwksUrl }], audiences: [AUDIENCE] },
  })
  started.resolve(gateway.url)
})
afterEach(async () => {
  await gateway.close()
  await telemetry.close()
  await issuer.close()
})

const ask = async (headers: Record<string, string> = {}) =>
  (await post(`${gateway.url}/graphql`, { query: QUERY }, headers)).json()

const direct = async (assertion?: string) => {
  const headers = assertion === undefined ? {} : { 'meshgate-principal': assertion }
  const response = await post(server.url, { query: QUERY }, headers)
  return [response.status, await response.json()] as const
}

const UNAUTHENTICATED = [
  401,
  { errors: [{ message: expect.any(String) as string, extensions: { code: 'UNAUTHENTICATED' } }] },
]
const ANN: Principal = {
  subject: 'ann',
  roles: ['seller'],
  scopes: ['a', 'b'],
  purposes: [],
  claims: {},
}

describe('a subgraph that verifies', () => {
  test('knows who asks its gateway, by a token or as nobody, whatever the client writes itself', async () => {
    const token = await issuer.sign(key, { roles: ['seller'], scope: 'b a' })
    const answer = { data: { reading: { id: '1' } } }
    expect(await ask({ authorization: `Bearer ${token}` })).toEqual(answer)
    expect(await ask({ 'meshgate-principal': signer.assert(ANN, NAME), 'x-tenant': 't' })).toEqual(answer)
    expect(verified.slice(-2)).toEqual([{ ...ANN, issuer: issuer.issuer }, ANONYMOUS])
  })

  test('knows it on a WebSocket that all share, with each operation', async () => {
    const streams = await Promise.all(
      [ANN, ANONYMOUS].map((principal) => gateway.engine().subscribe({ query: CREATED, principal })),
    )
    expect(streams.every((stream) => Symbol.asyncIterator in stream)).toBe(true)
    await expect.poll(() => verified).toEqual(expect.arrayContaining([ANN, ANONYMOUS]))
    for (const stream of streams) if (Symbol.asyncIterator in stream) await stream.return?.()
  })

  test('answers nothing without an assertion, with another subgraph’s, another gateway’s, or an old one', async () => {
    const good = signer.assert(ANN, NAME)
    expect(await direct(good)).toEqual([200, { data: { reading: { id: '1' } } }])
    expect(await direct()).toEqual(UNAUTHENTICATED)
    expect(await direct(signer.assert(ANN, 'sales-orders'))).toEqual(UNAUTHENTICATED)
    expect(await direct(newSigner().assert(ANN, NAME))).toEqual(UNAUTHENTICATED)
    expect(await direct(await issuer.sign(key))).toEqual(UNAUTHENTICATED)
    aheadMs = limits.assertionMs + limits.tokenClockToleranceMs
    expect(await direct(good)).toEqual(UNAUTHENTICATED)
    expect(await direct(signer.assert(ANN, NAME))).toMatchObject([200, {}])
  })

  test('refuses streams and queries on a WebSocket likewise, and tells its health to anybody', async () => {
    const client = createClient({ url: server.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
    const open = (query: string, assertion?: string) =>
      client.iterate({ query, extensions: { meshgate: { assertion } } }).next()
    for (const query of [CREATED, QUERY]) {
      for (const assertion of [undefined, signer.assert(ANN, 'sales-orders')]) {
        await expect(open(query, assertion)).rejects.toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
      }
    }
    expect((await open(QUERY, signer.assert(ANN, NAME))).value).toMatchObject({ data: { reading: { id: '1' } } })
    await client.dispose()
    expect((await fetch(new URL('/health/live', server.url))).status).toBe(200)
  })
})

test('an assertion is kept for as long as it is good, for each principal and subgraph', () => {
  const first = signer.assert(ANN, NAME)
  expect(signer.assert(ANN, NAME)).toBe(first)
  expect(signer.assert(ANONYMOUS, NAME)).not.toBe(first)
  expect(signer.assert(ANN, 'other')).not.toBe(first)
  aheadMs = limits.assertionMs - limits.assertionRenewedBeforeMs + 1_000
  expect(signer.assert(ANN, NAME)).not.toBe(first)
})
