// Windows that are kept for a time only: rules one by one, on the real embedded log and store.
import { afterEach, expect, test } from 'vitest'
import type { Ingest, IngestOptions } from '../../../ingest/main.ts'
import { eventually } from '../../conformance/event-log-harness.ts'
import { openPorts, visibleRows, type TestPorts } from '../open-ports.ts'
import {
  AheadClock,
  DAY_MS,
  heldRows,
  hitRecord,
  hitsProduct,
  HOUR_MS,
  hoursOf,
  hoursProduct,
  hourTexts,
  removalOf,
  startHits,
  type Hit,
} from './hits-mesh.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

interface Bed {
  readonly ports: TestPorts
  readonly clock: AheadClock
  readonly beganMs: number
}

async function open(): Promise<Bed> {
  const clock = new AheadClock()
  const ports = await openPorts(undefined, clock)
  closing.push(() => ports.close())
  return { ports, clock, beganMs: Math.floor(clock.now() / HOUR_MS) * HOUR_MS }
}

async function start({ ports }: Bed, options: Partial<IngestOptions> = {}): Promise<Ingest> {
  const ingest = await startHits(ports, options)
  closing.push(() => ingest.close())
  return ingest
}

async function hit({ ports }: Bed, ...hits: readonly Hit[]): Promise<void> {
  await ports.log.append('tests.hits', hits.map(hitRecord))
}

async function hours({ ports }: Bed): Promise<Map<string, string>> {
  return hourTexts(await visibleRows(ports.store, 'site_hours'))
}

let ticks = 0
/** Something comes in every partition, so that what is due is closed. */
async function tick(bed: Bed, ingest: Ingest): Promise<readonly Hit[]> {
  const atMs = bed.clock.now()
  const hits = Array.from({ length: 16 }, (_, site) => ({
    id: `t${(ticks += 1)}`,
    site: `tick${site}`,
    atMs,
    bytes: 1,
  }))
  await hit(bed, ...hits)
  await ingest.caughtUp()
  return hits
}

const sample = (beganMs: number): readonly Hit[] =>
  Array.from({ length: 40 }, (_, index) => ({
    id: `h${index}`,
    site: `site${index % 3}`,
    atMs: beganMs + (index % 2) * HOUR_MS,
    bytes: index,
  }))

test('a window that is closed keeps its row, drops what it was made from, and refuses what comes for it', async () => {
  const bed = await open()
  const late: number[] = []
  const told: object[] = []
  const ingest = await start(bed, {
    observer: { foldLate: ({ product, rows }) => void (product === 'tests/hours' && late.push(rows)) },
    logger: { info: () => undefined, warn: (what: object) => void told.push(what), error: () => undefined },
  })
  const hits = sample(bed.beganMs)
  await hit(bed, ...hits)
  await ingest.caughtUp()
  const before = await hours(bed)
  expect(before).toEqual(hoursOf(hits))
  expect(await heldRows(bed.ports)).toEqual({ members: 40, groups: 6 })
  bed.clock.aheadMs = 3 * DAY_MS + 4 * HOUR_MS
  const ticked = await tick(bed, ingest)
  expect(await heldRows(bed.ports)).toEqual({ members: ticked.length, groups: 6 + ticked.length })
  expect(late).toEqual([])

  const correction = { id: 'h0', site: 'site0', atMs: bed.beganMs, bytes: 1_000_000 }
  const addition = { id: 'late', site: 'site1', atMs: bed.beganMs + 1, bytes: 7 }
  await hit(bed, correction, addition)
  await bed.ports.log.append('tests.hits', [removalOf('h2')])
  await ingest.caughtUp()
  expect(late.reduce((sum, rows) => sum + rows, 0)).toBe(3)
  expect(told).toEqual([expect.objectContaining({ fold: 'tests/hours.SiteHour' })])
  expect(await hours(bed)).toEqual(new Map([...before, ...hoursOf(ticked)]))
})

test('a window takes what comes late while it is kept', async () => {
  const bed = await open()
  const ingest = await start(bed)
  const hits = sample(bed.beganMs)
  await hit(bed, ...hits)
  await ingest.caughtUp()
  bed.clock.aheadMs = 2 * DAY_MS
  const ticked = await tick(bed, ingest)
  const late = { id: 'late', site: 'site1', atMs: bed.beganMs + 1, bytes: 7 }
  await hit(bed, late)
  await ingest.caughtUp()
  expect(await hours(bed)).toEqual(hoursOf([...hits, ...ticked, late]))
})

test('a window that is first heard of long after its end is made, and kept for as long from then on', async () => {
  const bed = await open()
  const ingest = await start(bed)
  const years = sample(bed.beganMs - 3_000 * DAY_MS)
  await hit(bed, ...years.slice(0, 20))
  await ingest.caughtUp()
  await tick(bed, ingest)
  bed.clock.aheadMs = DAY_MS
  await hit(bed, ...years.slice(20))
  const ticked = await tick(bed, ingest)
  expect([...(await hours(bed))]).toEqual(expect.arrayContaining([...hoursOf(years)]))
  expect((await heldRows(bed.ports)).members).toBe(40 + 2 * ticked.length)
})

test('a fold that begins anew makes closed windows anew, of all rows that are there', async () => {
  const bed = await open()
  const first = await start(bed)
  const hits = sample(bed.beganMs)
  await hit(bed, ...hits)
  await first.caughtUp()
  bed.clock.aheadMs = 3 * DAY_MS
  const ticked = await tick(bed, first)
  await first.close()
  const doubled = hoursProduct({ sum: 'bytes * 2' })
  const ingest = await start(bed, { products: [hitsProduct(), doubled] })
  await ingest.caughtUp()
  const expected = [...hoursOf([...hits, ...ticked])].map(([hour, cells]) => {
    const [count, bytes, most] = cells.split(' ')
    return [hour, `${count} ${Number(bytes) * 2} ${most}`]
  })
  expect(await hours(bed)).toEqual(new Map(expected as [string, string][]))
})

test('of rows that end, windows that were made stay whole when the fold begins anew', async () => {
  const bed = await open()
  const products = [hitsProduct('P4D'), hoursProduct()]
  const first = await start(bed, { products })
  const hits = sample(bed.beganMs)
  await hit(bed, ...hits)
  await first.caughtUp()
  const before = await hours(bed)
  bed.clock.aheadMs = 3 * DAY_MS
  const more = { id: 'more', site: 'site1', atMs: bed.clock.now(), bytes: 5 }
  await hit(bed, more)
  const ticked = await tick(bed, first)
  // Some of the first window's rows are there still, others not.
  bed.clock.aheadMs = 4 * DAY_MS - 1_000
  await hit(bed, { id: 'h1', site: 'site1', atMs: bed.beganMs + HOUR_MS, bytes: 1 })
  await first.caughtUp()
  await first.close()
  bed.clock.aheadMs = 4 * DAY_MS + HOUR_MS
  await eventually(async () => expect((await visibleRows(bed.ports.store, 'hits')).length).toBe(2 + ticked.length))
  const ingest = await start(bed, { products: [hitsProduct('P4D'), hoursProduct({ keptFor: 'PT47H' })] })
  await ingest.caughtUp()
  expect(await hours(bed)).toEqual(new Map([...before, ...hoursOf([more, ...ticked])]))
})

test('a row that ended by itself stays counted, and is not taken back when it is looked at again', async () => {
  const bed = await open()
  const ingest = await start(bed, { products: [hitsProduct('P1D'), hoursProduct({ keptFor: '' })] })
  const hits = sample(bed.beganMs)
  await hit(bed, ...hits)
  await ingest.caughtUp()
  bed.clock.aheadMs = 2 * DAY_MS
  await eventually(async () => expect(await visibleRows(bed.ports.store, 'hits')).toEqual([]))
  // As a batch that is repeated late: the changes are told once more, and the rows are none.
  const [, change] = await bed.ports.log.read({ topic: 'tests.hits.changes', partition: 0, offset: 0 }, 2)
  if (change === undefined) throw new Error('There are changes.')
  await bed.ports.log.append('tests.hits.changes', [{ key: change.key, value: change.value, partition: 0 }])
  await ingest.caughtUp()
  expect(await hours(bed)).toEqual(hoursOf(hits))
})
