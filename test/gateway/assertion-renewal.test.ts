// What a gateway asserts of who asks, on streams that outlive it: over the real WebSocket and HTTP server of a subgraph, with a clock that the
// test moves.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSchema } from 'graphql'
import { createClient, type Client } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'
import { AssertionRenewals } from '../../gateway/endpoints/assertion-renewals.ts'
import { HttpEndpoint } from '../../gateway/endpoints/http-endpoint.ts'
import type { EngineResult } from '../../gateway/engine-contract.ts'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { createAssertionSigner, type AssertionSigner } from '../../platform/governance/assertion-signer.ts'
import { createAssertionVerifier, type VerifyAssertion } from '../../platform/governance/assertion-verifier.ts'
import { KeySet } from '../../platform/governance/key-set.ts'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import { reading, Telemetry } from '../subgraphs/telemetry.ts'

const NAME = 'telemetry-readings'
const CREATED = 'subscription { readingCreated { id } }'
const ANN: Principal = { subject: 'ann', roles: ['seller'], scopes: [], purposes: [], claims: {} }
const BEN: Principal = { ...ANN, subject: 'ben' }

const closing: (() => Promise<unknown> | void)[] = []
let telemetry: Telemetry
let signer: AssertionSigner
let url: string
let sdl: string
let verified: string[]
/** How many streams the subgraph had, whenever that changed. */
let running: number[]

beforeEach(async () => {
  verified = []
  running = []
  telemetry = await Telemetry.open()
  closing.push(() => telemetry.close())
  const { privateKey } = generateKeyPairSync('ed25519')
  signer = createAssertionSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), telemetry.clock)
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-assertions-'))
  closing.push(() => rm(directory, { recursive: true }))
  const from = join(directory, 'jwks.json')
  await writeFile(from, signer.publicKeys)
  const keys = new KeySet({ from, clock: telemetry.clock, onFailure: () => undefined })
  const verify = createAssertionVerifier(keys, NAME, telemetry.clock)
  const verifyAssertion: VerifyAssertion = async (assertion) => {
    const asserted = await verify(assertion)
    verified.push(asserted.principal.subject)
    return asserted
  }
  const observer = { subscriptions: ({ active }: { active: number }) => void running.push(active) }
  const subgraph = telemetry.another({ verifyAssertion, observer })
  closing.push(() => subgraph.close())
  ;({ url } = await subgraph.serve(0))
  ;({ sdl } = subgraph)
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function startIt(): Promise<Gateway> {
  const composed = composeSupergraph([{ name: NAME, sdl, url }])
  if (composed.kind === 'failed') throw new Error(JSON.stringify(composed.problems))
  const gateway = await startGateway({
    mesh: { supergraphSdl: composed.supergraphSdl },
    port: 0,
    logger: pino({ level: 'silent' }),
    clock: telemetry.clock,
    subgraphSettings: { [NAME]: { isOurs: true } },
    assertions: signer,
  })
  closing.push(() => gateway.close())
  return gateway
}

/** Resolves when the subgraph has said where it begins: what changes from then on is told. */
async function follow(gateway: Gateway, principal: Principal): Promise<AsyncIterableIterator<EngineResult>> {
  const stream = await gateway.engine().subscribe({ query: CREATED, principal, extensions: { started: true } })
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream))
  closing.push(() => stream.return?.())
  expect((await stream.next()).value).toMatchObject({ extensions: { started: true } })
  return stream
}

/** The gateway's own looks whether the subgraph is there are nobody's. */
const asserted = (): string[] => verified.filter((subject) => subject !== ANONYMOUS.subject)

let created = 0
async function create(): Promise<string> {
  const id = String(++created)
  await telemetry.put([reading(id)])
  // In one partition, so in one order.
  await telemetry.append([telemetry.change(reading(id))], 0)
  return id
}

const idIn = ({ value }: IteratorResult<EngineResult>): unknown =>
  ((value as EngineResult).data?.['readingCreated'] as { id: string } | undefined)?.id

describe('a stream that is longer than what was asserted when it was opened', () => {
  test('goes on by renewals, one for all streams of a principal, and is never opened again', async () => {
    const gateway = await startIt()
    const streams = [await follow(gateway, ANN), await follow(gateway, BEN)]
    expect(running).toEqual([1, 2])
    const told: unknown[][] = streams.map(() => [])
    const expected: string[] = []
    const renewals = 8
    for (let look = 1; look <= renewals * 3; look += 1) {
      telemetry.clock.advance(limits.assertionLookMs)
      expected.push(await create())
      for (const [index, stream] of streams.entries()) told[index]?.push(idIn(await stream.next()))
      // Every third look renews: 25 s after the one before was signed.
      await expect.poll(() => asserted().length).toBe(2 + 2 * Math.floor(look / 3))
    }
    expect(told).toEqual([expected, expected])
    for (const subject of ['ann', 'ben'])
      expect(asserted().filter((each) => each === subject)).toHaveLength(renewals + 1)
    expect(running).toEqual([1, 2])
  })

  test('is renewed by what a newer stream of the principal brought, even where that is left at once', async () => {
    const pings: string[] = []
    const waiting = telemetry.clock.sleeping()
    const renewals = new AssertionRenewals(
      (principal) => signer.assert(principal, NAME),
      telemetry.clock,
      (assertion) => pings.push(assertion),
    )
    const first = renewals.keep(ANN)
    telemetry.clock.advance(limits.assertionMs - limits.assertionRenewedBeforeMs - 1)
    await new Promise(setImmediate)
    telemetry.clock.advance(1)
    const second = renewals.keep(ANN)
    second.release()
    expect([second.assertion === first.assertion, pings]).toEqual([false, []])
    telemetry.clock.advance(limits.assertionLookMs)
    await expect.poll(() => pings).toEqual([second.assertion])
    first.release()
    // Nobody is left for whom anything would have to be renewed.
    await expect.poll(() => telemetry.clock.sleeping()).toBe(waiting)
  })

  test('is opened again from its cursor where renewals did not come in time: every change once', async () => {
    const gateway = await startIt()
    const stream = await follow(gateway, ANN)
    const told: unknown[] = []
    const expected: string[] = []
    for (let round = 1; round <= 5; round += 1) {
      expected.push(await create())
      told.push(idIn(await stream.next()))
      // Both ends see the same moment: the subgraph has ended it before the gateway's look.
      telemetry.clock.advance(limits.assertionMs + limits.tokenClockToleranceMs)
      await expect.poll(() => running.filter((active) => active === 0).length).toBe(round)
      expected.push(await create(), await create())
      const next = stream.next()
      await expect
        .poll(() => {
          telemetry.clock.advance(limits.retryDelayMsMin)
          return running.filter((active) => active === 1).length
        })
        .toBe(round + 1)
      told.push(idIn(await next), idIn(await stream.next()))
    }
    expect(told).toEqual(expected)
  })
})

describe('a subgraph that verifies', () => {
  let client: Client
  let socket: WebSocket
  beforeEach(() => {
    client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
    client.on('connected', (connected) => (socket = connected as WebSocket))
    closing.push(() => client.dispose())
  })
  const open = (principal: Principal) =>
    client.iterate<Record<string, unknown>>({
      query: CREATED,
      extensions: { meshgate: { assertion: signer.assert(principal, NAME) } },
    })
  const renew = (assertion: string): void =>
    socket.send(JSON.stringify({ type: 'ping', payload: { meshgate: { assertion } } }))

  test('ends a stream with the assertion that nobody renews: with a code, and its cursor', async () => {
    const streams = [open(ANN), open(ANN), open(BEN)] as const
    const [ann, again, ben] = streams.map((stream) => stream.next())
    await expect.poll(() => running.at(-1)).toBe(3)
    telemetry.clock.advance(limits.assertionMs - 1_000)
    const before = verified.length
    renew(signer.assert(BEN, NAME))
    // Nothing that is asserted of others, elsewhere, or by whoever it is.
    renew(signer.assert(ANONYMOUS, NAME))
    renew(signer.assert(ANN, 'sales-orders'))
    renew('nonsense')
    await expect.poll(() => verified.length).toBe(before + 2)
    telemetry.clock.advance(1_000 + limits.tokenClockToleranceMs)
    for (const [index, ended] of [ann, again].entries()) {
      expect((await ended)?.value).toEqual({
        errors: [
          {
            message: expect.any(String) as string,
            extensions: { code: 'ASSERTION_EXPIRED', retryable: true, cursor: expect.any(String) as string },
          },
        ],
        extensions: { meshgate: { cursor: expect.any(String) as string } },
      })
      expect(await streams[index]?.next()).toMatchObject({ done: true })
    }
    const id = await create()
    expect((await ben)?.value).toMatchObject({ data: { readingCreated: { id } } })
    telemetry.clock.advance(limits.assertionMs)
    const { value } = await streams[2].next()
    expect(value).toMatchObject({ errors: [{ extensions: { code: 'ASSERTION_EXPIRED' } }] })
  })

  type Bring = (older: string, newer: string) => Promise<void>
  const latest: Record<string, Bring> = {
    'a newer stream of the principal brings one': async () => {
      void open(ANN).next()
      await expect.poll(() => running.at(-1)).toBe(2)
    },
    'an older one comes behind it': async (older, newer) => {
      renew(newer)
      await expect.poll(() => asserted().length).toBe(2)
      renew(older)
      await expect.poll(() => asserted().length).toBe(3)
    },
  }
  test.each(Object.entries(latest))('goes on with the latest assertion where %s', async (_, bring) => {
    const older = signer.assert(ANN, NAME)
    const first = open(ANN).next()
    await expect.poll(() => running.at(-1)).toBe(1)
    telemetry.clock.advance(limits.assertionMs - limits.assertionRenewedBeforeMs)
    await bring(older, signer.assert(ANN, NAME))
    telemetry.clock.advance(limits.assertionRenewedBeforeMs + limits.tokenClockToleranceMs)
    const id = await create()
    expect((await first).value).toMatchObject({ data: { readingCreated: { id } } })
  })

  test('forgets assertions with the streams that they were for', async () => {
    const stream = open(ANN)
    const first = stream.next()
    await expect.poll(() => running.at(-1)).toBe(1)
    await create()
    await first
    const waiting = telemetry.clock.sleeping()
    await stream.return?.()
    await expect.poll(() => running.at(-1)).toBe(0)
    await expect.poll(() => telemetry.clock.sleeping()).toBeLessThan(waiting)
  })
})

test('a subgraph of others has its stream renewed without noticing, and no event is lost', async () => {
  const schema = buildSchema('type Query { a: Int } type Subscription { count: Int }')
  const counts: PromiseWithResolvers<number>[] = Array.from({ length: 8 }, () => Promise.withResolvers())
  const field = schema.getSubscriptionType()?.getFields()['count']
  if (field === undefined) throw new Error('no field')
  let opened = 0
  field.subscribe = async function* () {
    opened += 1
    for (const { promise } of counts) yield { count: await promise }
  }
  const pings: unknown[] = []
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  const onPing = (_: unknown, payload: unknown): void => void (payload === undefined || pings.push(payload))
  const sockets = useServer({ schema, onPing }, server)
  closing.push(async () => {
    await sockets.dispose()
    http.close()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const assert = (principal: Principal): string => signer.assert(principal, 'others')
  const endpoint = new HttpEndpoint({
    name: 'others',
    url: `http://127.0.0.1:${port}/`,
    assert,
    clock: telemetry.clock,
  })
  closing.push(() => endpoint.close())
  const stream = await endpoint.subscribe({ query: 'subscription { count }', principal: ANN })
  for (const [index, { resolve }] of counts.entries()) {
    for (let look = 0; look < 3; look += 1) {
      telemetry.clock.advance(limits.assertionLookMs)
      await new Promise(setImmediate)
    }
    await expect.poll(() => pings.length).toBe(index + 1)
    resolve(index)
    expect((await stream.next()).value).toEqual({ data: { count: index } })
  }
  expect(new Set(pings.map((ping) => JSON.stringify(ping))).size).toBe(8)
  expect(opened).toBe(1)
})
