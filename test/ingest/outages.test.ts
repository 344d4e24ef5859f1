// Log and store that are away for a while, in every step: nothing is lost, everything goes on by itself, and the log of ingest stays short.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { FailureLog } from '../../ingest/failure-log.ts'
import { startIngest, type IngestedBatch, type IngestLogger } from '../../ingest/main.ts'
import { MeshgateError, type FailureCode } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { GENERATIONS_TABLE } from '../../platform/table-generations.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Change } from '../../schema/record.ts'
import { ManualClock } from '../manual-clock.ts'
import { allRecords, byId, jsonOf, openPorts, visibleRows, type TestPorts } from './open-ports.ts'
import { testProduct } from './test-products.ts'

const TOPIC = 'test.things'
const OWN = { group: 'ingest.test.things', topic: TOPIC }
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open(): Promise<TestPorts> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  return ports
}

class Lines implements IngestLogger {
  readonly told: string[] = []
  info(_details: object, message: string): void {
    this.told.push(`info ${message}`)
  }
  warn(details: object, message: string): void {
    const { error } = details as { error?: { code?: string } }
    this.told.push(`warn ${error?.code ?? ''} ${message}`)
  }
  error(_details: object, message: string): void {
    this.told.push(`error ${message}`)
  }
}

type Effect = 'that has no effect' | 'that was done all the same'

/** A port one of whose methods fails so many times. */
function failing<Port extends object>(
  port: Port,
  method: keyof Port,
  { effect, times, code }: { effect: Effect; times: number; code: FailureCode },
): Port {
  let left = times
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...parameters: unknown[]) => {
        // The start appends and writes facts of its own.
        const isFact = method === 'append' ? !String(parameters[0]).startsWith(TOPIC) : isOfMesh(parameters[0])
        const fails = name === method && !isFact && left-- > 0
        if (fails && effect === 'that has no effect') throw new MeshgateError(code, 'The server is away.')
        const result: unknown = await Reflect.apply(member, target, parameters)
        if (fails) throw new MeshgateError(code, 'The answer was lost.')
        return result
      }
    },
  })
}

function isOfMesh(writes: unknown): boolean {
  return (
    Array.isArray(writes) && writes.every((write) => Reflect.get(Object(write), 'table') === GENERATIONS_TABLE.name)
  )
}

const steps = [
  ['store', 'read'],
  ['store', 'write'],
  ['log', 'append'],
] as const
const effects: readonly Effect[] = ['that has no effect', 'that was done all the same']
for (const [where, method] of steps) {
  for (const effect of effects) {
    test(`${where}.${method} ${effect} is repeated until it succeeds, told once when it begins and once when it is over`, async () => {
      const ports = await open()
      const [lines, retries, batches]: [Lines, string[], IngestedBatch[]] = [new Lines(), [], []]
      const store =
        where === 'store'
          ? failing<Store>(ports.store, method, { effect, times: 4, code: 'STORE_UNAVAILABLE' })
          : ports.store
      const log =
        where === 'log'
          ? failing<EventLog>(ports.log, method, { effect, times: 4, code: 'LOG_UNAVAILABLE' })
          : ports.log
      const ingest = await startIngest({
        products: [testProduct()],
        ...ports,
        store,
        log,
        sweep: false,
        logger: lines,
        observer: {
          retry: ({ product, code }) => retries.push(`${product} ${code}`),
          batch: (batch) => batches.push(batch),
        },
      })
      closing.push(() => ingest.close())
      const records = ['a', 'b', 'bad', 'c'].map((id) => ({
        key: Buffer.from(id),
        value: Buffer.from(JSON.stringify({ id, shelf: 's', rank: 1, price: id === 'bad' ? '-1' : '1' })),
        partition: 0,
      }))
      await ports.log.append(TOPIC, records)
      await ingest.caughtUp()
      const rows = ['a', 'b', 'c'].map((id) => ({ id, shelf: 's', rank: 1, price: '1' }))
      expect(byId(await visibleRows(ports.store, 'things_by_shelf'))).toEqual(rows)
      const changes = (await allRecords(ports.log, `${TOPIC}.changes`)).map((record) => jsonOf(record) as Change)
      expect([...new Set(changes.map(({ key }) => key))].toSorted()).toEqual(['a', 'b', 'c'])
      const rejected = await allRecords(ports.log, `${TOPIC}.rejected`)
      expect(new Set(rejected.map(({ key }) => String(Buffer.from(key ?? ''))))).toEqual(new Set(['bad']))
      const code = where === 'store' ? 'STORE_UNAVAILABLE' : 'LOG_UNAVAILABLE'
      expect(lines.told).toEqual([
        `warn ${code} A batch could not be ingested and is tried again.`,
        'info All batches are ingested again.',
      ])
      expect(new Set(retries)).toEqual(new Set([`test/things ${code}`]))
      expect(batches.map(({ durationMs: _durationMs, ...batch }) => batch)).toEqual([
        { product: 'test/things', records: 4, written: 3, rejected: 1, codes: { RECORD_CHECK_FAILED: 1 } },
      ])
      expect(ingest.counts()).toEqual({ 'test/things': { written: 3, rejected: 1 } })
    })
  }
}

test('an outage of minutes is told now and then, and a failure of another kind at once', () => {
  const [clock, lines] = [new ManualClock(), new Lines()]
  const failures = new FailureLog({ clock, logger: lines })
  const away = new MeshgateError('STORE_UNAVAILABLE', 'away')
  const live = new AbortController().signal
  for (const partition of [0, 1, 2]) failures.begins({ ...OWN, partition }, live)
  for (let second = 0; second < 150; second++) {
    for (const partition of [0, 1]) failures.failed(away, { ...OWN, partition, offset: 7 })
    if (second === 100) failures.failed(new TypeError('a bug'), { ...OWN, partition: 2, offset: 1 })
    clock.advance(1_000)
  }
  const again = 'A batch could not be ingested and is tried again.'
  expect(lines.told).toEqual([`warn STORE_UNAVAILABLE ${again}`, `warn STORE_UNAVAILABLE ${again}`, `warn  ${again}`])
  for (const partition of [0, 1, 2]) failures.recovered({ ...OWN, partition })
  expect(lines.told.slice(3)).toEqual(['info All batches are ingested again.'])
})

test("a partition that failed and was given up is another member's to tell of", () => {
  const [clock, lines] = [new ManualClock(), new Lines()]
  const failures = new FailureLog({ clock, logger: lines })
  const given = new AbortController()
  failures.begins({ ...OWN, partition: 0 }, given.signal)
  failures.failed(new MeshgateError('STORE_UNAVAILABLE', 'away'), { ...OWN, partition: 0, offset: 7 })
  given.abort()
  failures.begins({ ...OWN, partition: 1 }, new AbortController().signal)
  failures.failed(new MeshgateError('STORE_UNAVAILABLE', 'away'), { ...OWN, partition: 1, offset: 7 })
  failures.recovered({ ...OWN, partition: 1 })
  expect(lines.told.at(-1)).toBe('info All batches are ingested again.')
})

test('a consumer that gets no records is told of in words of its own, now and then, and once when records come again', () => {
  const [clock, lines] = [new ManualClock(), new Lines()]
  const failures = new FailureLog({ clock, logger: lines })
  const away = new MeshgateError('LOG_UNAVAILABLE', 'away')
  // Of several groups: it is one log that is away.
  for (let second = 0; second < 90; second++) {
    for (const group of ['ingest.test.things', 'ingest.test.others']) {
      failures.consumerFailed(away, { ...OWN, group, partition: 0, offset: -1 })
    }
    clock.advance(1_000)
  }
  const live = new AbortController().signal
  failures.begins({ ...OWN, partition: 1 }, live)
  failures.begins({ ...OWN, partition: 2 }, live)
  const none = 'warn LOG_UNAVAILABLE No records can be taken from the log; it is tried again.'
  expect(lines.told).toEqual([none, none, 'info Records are taken from the log again.'])
})

test('a partition whose next record is gone, and a batch that is given up, are told as what they are', () => {
  const [clock, lines] = [new ManualClock(), new Lines()]
  const failures = new FailureLog({ clock, logger: lines })
  failures.consumerFailed(new MeshgateError('LOG_OFFSET_OUT_OF_RANGE', 'gone'), { ...OWN, partition: 0, offset: 7 })
  failures.consumerFailed(new MeshgateError('HANDLER_STUCK', 'stuck'), { ...OWN, partition: 0, offset: 7 })
  expect(lines.told).toEqual([
    'error A partition stands still: what comes next in it is gone.',
    'warn HANDLER_STUCK A batch did not end in time and is given up: it is ingested again later.',
  ])
})

test('a batch whose parts get done takes its time, and stands still where none does', () => {
  const [clock, lines] = [new ManualClock(), new Lines()]
  const failures = new FailureLog({ clock, logger: lines })
  const [live, large, other] = [new AbortController().signal, { ...OWN, partition: 0 }, { ...OWN, partition: 1 }]
  const pass = (seconds: number, onSecond: () => void): void => {
    for (let second = 0; second < seconds; second++) {
      onSecond()
      failures.begins(other, live)
      failures.recovered(other)
      clock.advance(1_000)
    }
  }
  failures.begins({ ...large, offset: 7 }, live)
  pass(60, () => failures.goesOn(large))
  expect(lines.told).toEqual([])
  expect(failures.stuck()).toEqual([])
  pass(30, () => undefined)
  expect(lines.told).toEqual(['warn  A partition stands still while others go on.'])
  expect(failures.stuck()).toMatchObject([{ ...large, offset: 7, code: null }])
})

test('a POST while the log is away is answered in bounded time, keeps its room until the log lets go, and never says that it was taken', async () => {
  const ports = await open()
  const clock = new ManualClock()
  const back = Promise.withResolvers<void>()
  let appends = 0
  const log = new Proxy(ports.log, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...parameters: unknown[]) => {
        if (name === 'append' && parameters[0] === TOPIC) {
          appends++
          await back.promise
        }
        return Reflect.apply(member, target, parameters) as unknown
      }
    },
  })
  const ingest = await startIngest({ products: [testProduct()], log, store: ports.store, clock, sweep: false })
  closing.push(() => ingest.close())
  const server = createServer((request, response) => {
    void (async () => {
      for (const route of ingest.routes) await route(request, response)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const post = async (): Promise<unknown[]> => {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/topics/${TOPIC}`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
      body: JSON.stringify({ records: [{ value: { id: 'a', shelf: 's', rank: 1 } }] }),
    })
    const { error_code, code } = (await response.json()) as { error_code?: number; code?: string }
    return [response.status, response.headers.get('retry-after'), error_code, code]
  }
  const room = limits.postBytesInFlightMax / limits.postBodyBytesMax
  const sleeping = clock.sleeping()
  const posts = Array.from({ length: room + 2 }, post)
  await expect.poll(() => [appends, clock.sleeping() - sleeping]).toEqual([room, room + 2])
  clock.advance(limits.postWaitMsMax)
  const away = [503, '1', 50_302, 'LOG_UNAVAILABLE']
  const full = [429, '1', 42_901, 'INGEST_OVERLOADED']
  expect((await Promise.all(posts)).toSorted((left, right) => Number(left[2]) - Number(right[2]))).toEqual([
    full,
    full,
    ...Array.from({ length: room }, () => away),
  ])
  back.resolve()
  await expect.poll(post).toEqual([200, null, undefined, undefined])
})
