// A subgraph that keeps failing is not asked by clients until it answers a probe; one that answers, be it with errors, is.
import pino from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { nextArrival } from '../../gateway/endpoints/arrival.ts'
import { RemoteEndpoint, type RemoteEndpointOptions } from '../../gateway/endpoints/remote-endpoint.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import { ManualClock } from '../manual-clock.ts'
import { http, RawServer, type RawAnswer } from './raw-server.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const isProbe = (body: string): boolean => body.includes('{ __typename }')
const fine: RawAnswer = ({ socket }) => socket.write(http('{"data":{"a":1}}'))
const failing: RawAnswer = ({ socket }) => socket.write(http('{}', [], '500 No'))

interface Watched {
  readonly endpoint: RemoteEndpoint
  readonly clock: ManualClock
  readonly ask: () => Promise<string>
  readonly counts: { clients: number; probes: number }
  /** What clients and probes get. */
  readonly answers: { clients: RawAnswer; probes: RawAnswer }
  readonly lines: string[]
}

async function watch(options: Partial<RemoteEndpointOptions> = {}): Promise<Watched> {
  const answers = { clients: fine, probes: fine }
  const counts = { clients: 0, probes: 0 }
  const server = await RawServer.open((request) => {
    const kind = isProbe(request.body) ? 'probes' : 'clients'
    counts[kind] += 1
    answers[kind](request)
  })
  const clock = new ManualClock()
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) })
  const endpoint = new RemoteEndpoint({ name: 'remote', url: server.url, sharing: 'none', clock, logger, ...options })
  closing.push(
    () => server.close(),
    () => endpoint.close(),
  )
  await expect.poll(() => counts.probes).toBe(1)
  const wire = { body: '{"query":"{ a }"}', isMutation: false, principal: ANONYMOUS }
  const ask = async (): Promise<string> => {
    const asked = endpoint.exchange({ ...wire, arrival: nextArrival() })
    return asked.then(
      ({ bytes }) => Buffer.from(bytes).toString(),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
  }
  return { endpoint, clock, ask, counts, answers, lines }
}

const FAILED = 'Subgraph "remote" answered with HTTP status 500.'
const REFUSED = `${FAILED} It is not asked again until it answers a probe.`

/** Until requests are refused at once. */
async function open({ endpoint, ask, answers }: Watched): Promise<void> {
  answers.clients = failing
  answers.probes = failing
  for (let count = 0; count < limits.subgraphFailuresMax; count += 1) expect([FAILED, REFUSED]).toContain(await ask())
  await expect.poll(() => endpoint.state).toEqual({ name: 'remote', reachable: false, reason: FAILED, circuit: 'open' })
}

describe('the circuit', () => {
  test('opens when clients’ requests and the probe fail: nothing but probes is sent then', async () => {
    const watched = await watch()
    const { endpoint, ask, counts } = watched
    await open(watched)
    const { clients } = counts
    for (let count = 0; count < 10; count += 1) expect(await ask()).toBe(REFUSED)
    const request = { query: '{ a }', principal: ANONYMOUS }
    await expect(endpoint.execute(request)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE', retryable: true })
    await expect(endpoint.subscribe(request)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    expect(counts.clients).toBe(clients)
  })

  test('closes when the probe is answered, and not before', async () => {
    const watched = await watch()
    const { endpoint, ask, counts, answers, clock, lines } = watched
    await open(watched)
    const { probes } = counts
    clock.advance(limits.subgraphProbeAwayIntervalMs)
    await expect.poll(() => counts.probes).toBe(probes + 1)
    expect(await ask()).toBe(REFUSED)
    answers.clients = fine
    expect(await ask()).toBe(REFUSED)
    answers.probes = fine
    await expect
      .poll(() => {
        clock.advance(limits.subgraphProbeAwayIntervalMs)
        return endpoint.state
      })
      .toEqual({ name: 'remote', reachable: true })
    expect(await ask()).toBe('{"data":{"a":1}}')
    expect(lines).toEqual([`${FAILED} It is tried again until it is back.`, 'Subgraph "remote" is back.'])
    // What was before does not count again.
    answers.probes = failing
    clock.advance(limits.subgraphProbeIntervalMs)
    await expect.poll(() => endpoint.state).toEqual({ name: 'remote', reachable: false, reason: FAILED })
    expect(await ask()).toBe('{"data":{"a":1}}')
  })

  test('stays closed while the probe is answered: some requests fail, others need not', async () => {
    const { endpoint, ask, counts, answers } = await watch()
    answers.clients = failing
    for (let count = 0; count < limits.subgraphFailuresMax * 3; count += 1) expect(await ask()).toBe(FAILED)
    expect(counts.clients).toBe(limits.subgraphFailuresMax * 3)
    expect(endpoint.state).toEqual({ name: 'remote', reachable: true })
  })

  test('tells of requests that fail although the probe is answered: at once, then together', async () => {
    const { ask, answers, clock, lines } = await watch()
    answers.clients = failing
    await ask()
    const failed = (requests: string): string => `Subgraph "remote" answers probes but failed ${requests}: ${FAILED}`
    await expect.poll(() => lines).toEqual([failed('a request')])
    for (let count = 0; count < 3; count += 1) await ask()
    clock.advance(limits.subgraphProbeIntervalMs)
    await expect.poll(() => lines).toEqual([failed('a request'), failed('3 requests')])
  })

  test('stays closed until the probe has failed too, however many requests do', async () => {
    const { endpoint, ask, answers, counts } = await watch()
    const held: (() => void)[] = []
    answers.clients = failing
    answers.probes = (request) => held.push(() => failing(request))
    for (let count = 0; count < limits.subgraphFailuresMax * 3; count += 1) expect(await ask()).toBe(FAILED)
    await expect.poll(() => counts.probes).toBe(2)
    expect(endpoint.state).toEqual({ name: 'remote', reachable: true })
    for (const answer of held) answer()
    await expect.poll(() => endpoint.state.circuit).toBe('open')
  })

  test('stays closed while requests are answered, though a probe failed', async () => {
    const { endpoint, ask, answers, clock, counts } = await watch()
    answers.probes = failing
    clock.advance(limits.subgraphProbeIntervalMs)
    await expect.poll(() => endpoint.state).toEqual({ name: 'remote', reachable: false, reason: FAILED })
    for (let count = 0; count < limits.subgraphFailuresMax * 2; count += 1) {
      const { probes } = counts
      clock.advance(limits.subgraphProbeAwayIntervalMs)
      await expect.poll(() => counts.probes).toBeGreaterThan(probes)
      expect(await ask()).toBe('{"data":{"a":1}}')
    }
    expect(endpoint.state).toEqual({ name: 'remote', reachable: false, reason: FAILED })
  })

  test('stays closed while it answers with GraphQL errors, or with what is no answer', async () => {
    const { endpoint, ask, answers, counts } = await watch()
    const errors = '{"errors":[{"message":"no"}]}'
    answers.probes = failing
    answers.clients = ({ socket }) => socket.write(http(errors, [], '400 No'))
    for (let count = 0; count < limits.subgraphFailuresMax * 2; count += 1) expect(await ask()).toBe(errors)
    answers.clients = ({ socket }) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')
    for (let count = 0; count < limits.subgraphFailuresMax * 2; count += 1) {
      expect(await ask()).toBe('Subgraph "remote" answered something that is no HTTP.')
    }
    expect(endpoint.state.circuit).toBeUndefined()
    expect(counts.clients).toBe(limits.subgraphFailuresMax * 4)
  })

  test('does not count clients that left', async () => {
    const { endpoint, answers, counts } = await watch()
    answers.clients = () => undefined
    for (let count = 1; count <= limits.subgraphFailuresMax * 2; count += 1) {
      const client = new AbortController()
      const wire = { body: '{"query":"{ a }"}', isMutation: false, principal: ANONYMOUS, arrival: nextArrival() }
      const asked = endpoint.exchange({ ...wire, signal: client.signal })
      await expect.poll(() => counts.clients).toBe(count)
      client.abort(new Error('left'))
      await expect(asked).rejects.toThrow('left')
    }
    expect([endpoint.state, counts.probes]).toEqual([{ name: 'remote', reachable: true }, 1])
  })
})
