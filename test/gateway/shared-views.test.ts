// Who shares what is under way: those whose differences cannot change an answer. A subgraph that is told who asks, or declares a policy, is
// asked for each principal by itself.
import { generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'
import { nextArrival } from '../../gateway/endpoints/arrival.ts'
import type { ResultStream } from '../../gateway/engine-contract.ts'
import { startGateway, type Gateway, type GatewayOptions } from '../../gateway/main.ts'
import { createAssertionSigner } from '../../platform/governance/assertion-signer.ts'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import type { Product } from '../../schema/model.ts'
import type { Subgraph } from '../../subgraphs/runtime/subgraph.ts'
import { reading, Telemetry } from '../subgraphs/telemetry.ts'

const CREATED = 'subscription { readingCreated { id } }'
const ANN: Principal = { subject: 'ann', roles: ['a'], scopes: ['read'], purposes: [], claims: { age: 7 } }
const BEN: Principal = { subject: 'ben', roles: ['b'], scopes: ['read'], purposes: [], claims: {} }
const CLEO: Principal = { ...ANN, subject: 'cleo', scopes: [] }

let telemetry: Telemetry
let gateway: Gateway
let upstreams: number

beforeEach(async () => {
  upstreams = 0
  telemetry = await Telemetry.open()
  await telemetry.put([reading('1')])
})
afterEach(async () => {
  await gateway.close()
  await telemetry.close()
})

function meshOf(subgraph: Subgraph, url: string) {
  const composed = composeSupergraph([{ name: subgraph.name, sdl: subgraph.sdl, url }])
  if (composed.kind === 'failed') throw new Error(JSON.stringify(composed.problems))
  return composed.supergraphSdl
}

async function start(options: Pick<GatewayOptions, 'mesh'> & Partial<GatewayOptions>): Promise<void> {
  const observer = { upstreams: (active: number) => void (upstreams = active) }
  gateway = await startGateway({ port: 0, logger: pino({ level: 'silent' }), observer, ...options })
}

async function startRemote(options: Partial<GatewayOptions> = {}): Promise<void> {
  const subgraph = telemetry.another()
  const { url } = await subgraph.serve(0)
  await start({ mesh: { supergraphSdl: meshOf(subgraph, url) }, ...options })
}

const inProcess = (subgraph: Subgraph) => ({
  supergraphSdl: meshOf(subgraph, 'http://127.0.0.1:1'),
  endpoints: [subgraph.endpoint],
})

async function open(principal: Principal): Promise<ResultStream> {
  const stream = await gateway.engine().subscribe({ query: CREATED, principal })
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream))
  return stream
}

async function askTogether(principals: readonly Principal[]): Promise<void> {
  const arrivals = principals.map(() => nextArrival())
  const query = '{ reading(id: "1") { id } }'
  const answers = await Promise.all(
    principals.map((principal, at) => gateway.engine().execute({ query, principal, arrival: arrivals[at] ?? 0 })),
  )
  for (const answer of answers) expect(answer).toEqual({ data: { reading: { id: '1' } } })
}

/** The test product, one of whose fields some may not read. */
async function governedProduct(): Promise<Product> {
  const text = await readFile(new URL('../subgraphs/readings.graphql', import.meta.url), 'utf8')
  const governed = text.replace('  value: Decimal!\n', '  value: Decimal @access(roles: ["engineer"])\n')
  expect(governed).not.toBe(text)
  const { product, diagnostics } = compileProduct('readings.graphql', governed)
  if (product === null) throw new Error(JSON.stringify(diagnostics))
  return product
}

describe('a subgraph over the network that is not told who asks', () => {
  test('has one stream for all of whom the gateway asks the same, and each has every event', async () => {
    await startRemote()
    const streams = [await open(ANN), await open(BEN)]
    expect(upstreams).toBe(1)
    streams.push(await open(CLEO), await open(ANONYMOUS))
    expect(upstreams).toBe(3)
    await telemetry.append([telemetry.change(reading('2'))])
    for (const stream of streams) {
      expect((await stream.next()).value).toMatchObject({ data: { readingCreated: { id: '2' } } })
    }
    // Whoever opened it may leave.
    await streams[0]?.return?.()
    await telemetry.append([telemetry.change(reading('3'))])
    expect((await streams[1]?.next())?.value).toMatchObject({ data: { readingCreated: { id: '3' } } })
  })

  test('is asked once for equal queries under way, whoever asks', async () => {
    await startRemote()
    await askTogether([ANN, BEN, CLEO, ANONYMOUS])
    expect(telemetry.counts.calls.read).toBe(1)
  })
})

test('a subgraph that is told who asks is asked for each principal', async () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const assertions = createAssertionSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), systemClock)
  await startRemote({ assertions, subgraphSettings: { [telemetry.subgraph.name]: { assertsPrincipal: true } } })
  await open(ANN)
  await open(BEN)
  await open(ANN)
  expect(upstreams).toBe(2)
  await askTogether([ANN, BEN])
  expect(telemetry.counts.calls.read).toBe(2)
})

describe('a product in this process', () => {
  test('that declares no policy has one stream for all, one that does has one for each', async () => {
    await start({ mesh: inProcess(telemetry.subgraph) })
    await open(ANN)
    await open(BEN)
    expect(upstreams).toBe(1)
    await gateway.close()
    await start({ mesh: inProcess(telemetry.another({ product: await governedProduct() })) })
    await open(ANN)
    await open(BEN)
    expect(upstreams).toBe(2)
  })

  test('that declares one from now on ends what principals shared, with the cursor to come back with', async () => {
    await start({ mesh: inProcess(telemetry.subgraph) })
    const streams = [await open(ANN), await open(BEN)]
    await telemetry.append([telemetry.change(reading('2'))])
    const cursors = await Promise.all(
      streams.map(async (stream) => (await stream.next()).value?.extensions?.['cursor']),
    )
    await gateway.replaceSupergraph(inProcess(telemetry.another({ product: await governedProduct() })))
    for (const [at, stream] of streams.entries()) {
      await expect(stream.next()).rejects.toMatchObject({
        extensions: { code: 'SUBSCRIPTION_RECONNECT', cursor: cursors[at] },
      })
    }
  })
})
