// A version of a product declares a further table for rows that are there: it is filled while everything goes on, and answers when it is whole.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { requestBuild } from '../../ingest/beside/table-request.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { partitionOfKey } from '../../platform/partitioner.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Product } from '../../schema/model.ts'
import type { Ingest } from '../../ingest/main.ts'
import { seededInteger } from '../seeded-random.ts'
import { TIMINGS, WAIT } from '../ingest/beside/beside-mesh.ts'
import { openPorts, visibleRows, type TestPorts } from '../ingest/open-ports.ts'
import { EFFECTS, failingAt } from '../ingest/random-things.ts'
import {
  appendParcels,
  expectParcels,
  ingestParcels,
  KEY,
  LISTED,
  listed,
  listedWithCities,
  parcel,
  serveParcels,
  untilWhole,
  withCities,
  type Parcel,
} from './parcel-mesh.ts'
import { BASE, productOf } from './product-of.ts'

const CITIES = ['Ulm', 'Bonn', 'Kiel'] as const
const QUERY = '{ parcelsIn(city: "Ulm", first: 100) { nodes { id } } }'
let ports: TestPorts
const running = new Set<{ close(): Promise<void> }>()

beforeEach(async () => {
  ports = await openPorts()
})
afterEach(async () => {
  for (const one of running) await one.close()
  running.clear()
  await ports.close()
})

async function closedLater<Part extends { close(): Promise<void> }>(starting: Promise<Part>): Promise<Part> {
  const part = await starting
  running.add(part)
  return part
}

/** Parcels that are corrected and moved, each record heavier than all before. */
class ParcelWriter {
  readonly last = new Map<string, Parcel>()
  #grams = 0

  async append(count: number): Promise<void> {
    const records = Array.from({ length: count }, () => {
      const grams = (this.#grams += 1)
      return parcel((grams * 7) % 40, CITIES[(grams * 5) % 3] ?? 'Ulm', grams)
    })
    for (const record of records) this.last.set(record.id, record)
    await appendParcels(ports.log, records)
  }
}

async function firstVersion(writer: ParcelWriter, product = productOf()): Promise<Ingest> {
  const old = await closedLater(ingestParcels(ports, product))
  await writer.append(200)
  await old.caughtUp()
  return old
}

test('restarted with a version that has a further table, a process fills it from rows of before', async () => {
  const writer = new ParcelWriter()
  await (await firstVersion(writer)).close()
  const next = await closedLater(ingestParcels(ports, withCities()))
  expect(next.tables()[KEY]).toMatchObject({ adding: { tables: ['parcels_by_city'], phase: 'handing-over' } })
  await writer.append(30)
  await untilWhole(next)
  await next.caughtUp()
  await expectParcels(ports.store, writer.last.values())
  // Started again, nothing is left to do.
  await next.close()
  const again = await closedLater(ingestParcels(ports, withCities()))
  expect(again.tables()[KEY]).toMatchObject({ adding: null })
})

test('until the table is whole, fields that read it are refused and others answered; then it answers, without a restart', async () => {
  const writer = new ParcelWriter()
  await (await firstVersion(writer)).close()
  const reader = serveParcels(ports, withCities())
  running.add(reader)
  const next = await closedLater(
    ingestParcels(ports, withCities(), { tableTimings: { ...TIMINGS, stepWaitMs: 3_000 } }),
  )
  const both = await reader.ask(`{ parcel(id: "parcel-1") { id } ${QUERY.slice(1)}`)
  expect(both.errors).toEqual([
    expect.objectContaining({
      message: expect.stringContaining('Table parcels_by_city does not hold every row'),
      path: ['parcelsIn'],
      extensions: { code: 'TABLE_FILLING', retryable: true },
    }),
  ])
  expect((await reader.ask('{ parcel(id: "parcel-1") { id weight } }')).data).toEqual({
    parcel: { id: 'parcel-1', weight: null },
  })
  await untilWhole(next)
  const inUlm = [...writer.last.values()].filter(({ city }) => city === 'Ulm').map(({ id }) => ({ id }))
  await vi.waitFor(async () => {
    const { data, errors } = await reader.ask(QUERY)
    expect(errors).toBeUndefined()
    expect(structuredClone(data)).toEqual({
      parcelsIn: { nodes: inUlm.toSorted((a, b) => (a.id < b.id ? -1 : 1)) },
    })
  }, WAIT)
})

test('a reader that never saw the table whole is not answered with a part of it, whoever started first', async () => {
  const writer = new ParcelWriter()
  await firstVersion(writer)
  // The table is there, as a subgraph of the new version makes it at its start, and ingest is of the old.
  await ports.store.migrate(emitTables(withCities()))
  const reader = serveParcels(ports, withCities())
  running.add(reader)
  expect((await reader.ask(QUERY)).errors).toMatchObject([{ extensions: { code: 'TABLE_FILLING' } }])
})

const PAIRS: readonly (readonly [string, () => Product, () => Product])[] = [
  ['wrote without reading', productOf, withCities],
  ['read before it wrote', listed, listedWithCities],
]

test.each(PAIRS)(
  'members of a version that %s leave the records to those that write the table',
  async (...versions) => {
    const [, before, after] = versions
    const writer = new ParcelWriter()
    const old = await firstVersion(writer, before())
    const oldToo = await closedLater(ingestParcels(ports, before()))
    const appending = new AbortController()
    const appended = (async () => {
      while (!appending.signal.aborted) {
        await writer.append(5)
        await ports.clock.sleep(10)
      }
    })()
    const next = await closedLater(ingestParcels(ports, after()))
    await untilWhole(next)
    appending.abort()
    await appended
    await next.caughtUp()
    await expectParcels(ports.store, writer.last.values())
    for (const member of [old, oldToo]) expect(member.tables()[KEY]).toMatchObject({ supersededBy: '1.1.0' })
    // The one that is alone now takes everything.
    await writer.append(50)
    await next.caughtUp()
    await expectParcels(ports.store, writer.last.values())
  },
)

test('what a member of the version before has in hand when the table is declared leaves nothing old in it', async () => {
  const [held, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let holds = false
  const store = holding(ports.store, async () => {
    if (!holds) return
    begun.resolve()
    await held.promise
  })
  const old = await closedLater(ingestParcels({ ...ports, store }, listed()))
  // The second member gets the first partition, and so takes the steps while the first has its batch in hand.
  const ids = Array.from({ length: 10 }, (_, index) => index)
  const id = ids.find((index) => partitionOfKey(Buffer.from(parcel(index, 'Ulm').id), 2) === 1) ?? 0
  await appendParcels(ports.log, [parcel(id, 'Ulm', 1)])
  await old.caughtUp()
  holds = true
  await appendParcels(ports.log, [parcel(id, 'Bonn', 2)])
  await begun.promise
  const next = await closedLater(ingestParcels(ports, listedWithCities()))
  // However long it takes.
  await ports.clock.sleep(TIMINGS.stepWaitMs * 2)
  expect(next.tables()[KEY]).toMatchObject({ adding: { phase: 'handing-over' } })
  held.resolve()
  await untilWhole(next)
  await next.caughtUp()
  await expectParcels(ports.store, [parcel(id, 'Bonn', 2)])
})

/** Waits before writes of rows. */
function holding(store: Store, wait: () => Promise<void>): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...parameters: unknown[]) => {
        if (name === 'write' && JSON.stringify(parameters[0]).includes('"parcels')) await wait()
        return Reflect.apply(member, target, parameters) as unknown
      }
    },
  })
}

test.each([1, 2, 3, 4])(
  'every row is in the table whatever call a crash comes at (seed %i)',
  async (seed) => {
    const random = seededInteger(seed)
    const writer = new ParcelWriter()
    await (await firstVersion(writer)).close()
    for (let life = 0; life < 8; life += 1) {
      const effect = EFFECTS[random(3)] ?? 'PART'
      const failing = failingAt(ports, 3 + random(80), effect, random)
      const ingest = await ingestParcels({ ...failing, clock: ports.clock }, withCities()).catch(() => null)
      await writer.append(10)
      await ports.clock.sleep(random(400))
      await ingest?.close()
    }
    const last = await closedLater(ingestParcels(ports, withCities()))
    await untilWhole(last)
    await last.caughtUp()
    await expectParcels(ports.store, writer.last.values())
  },
  60_000,
)

test('the version before is refused once the table is there, and a later one may leave it out but not take it back', async () => {
  const writer = new ParcelWriter()
  await (await firstVersion(writer, listed())).close()
  const next = await closedLater(ingestParcels(ports, listedWithCities()))
  await untilWhole(next)
  await next.close()
  await expect(ingestParcels(ports, listed())).rejects.toMatchObject({
    code: 'PRODUCT_CHANGE_REFUSED',
    message: expect.stringContaining('It lacks parcels_by_city, which version 1.1.0 declares'),
  })
  const tables = `${BASE} ${LISTED}`
  await (await closedLater(ingestParcels(ports, productOf({ version: '1.2.0', tables })))).close()
  await expect(ingestParcels(ports, listedWithCities('1.3.0'))).rejects.toThrow('declare the table under another name')
})

test('while a table is filled no other tables are built beside it, and the other way round', async () => {
  const writer = new ParcelWriter()
  const old = await firstVersion(writer)
  await requestBuild(ports, productOf(), { seed: 'topic' })
  await expect(ingestParcels(ports, withCities())).rejects.toThrow('is being built')
  await vi.waitFor(() => expect(old.tables()[KEY]).toMatchObject({ live: 2, kept: null }), WAIT)
  // In the generation that is live.
  const next = await closedLater(ingestParcels(ports, withCities()))
  await expect(requestBuild(ports, withCities(), { seed: 'topic' })).rejects.toThrow('is being filled')
  await untilWhole(next)
  await writer.append(20)
  await next.caughtUp()
  expect(await visibleRows(ports.store, 'parcels_by_city_G2')).toHaveLength(writer.last.size)
}, 60_000)
