// Rejected records, listed, grouped and redriven on the real embedded log and store: each once, as what it was, also where a redrive is
// interrupted anywhere.
import { afterEach, expect, test } from 'vitest'
import { openRejected } from '../../ingest/dead-letter/open-rejected.ts'
import { redriveRejected, redrivesOf, rejectedAgain } from '../../ingest/dead-letter/redrive.ts'
import type { RejectedFilter } from '../../ingest/dead-letter/rejected-filter.ts'
import { listRejected, type ListedRecord } from '../../ingest/dead-letter/rejected-list.ts'
import { summarizeRejected } from '../../ingest/dead-letter/rejected-summary.ts'
import { REDRIVES_TOPIC } from '../../ingest/internal-topics.ts'
import { startIngest } from '../../ingest/main.ts'
import { limits } from '../../platform/limits.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { AppendRecord, EventLog, Position } from '../../platform/ports/event-log.ts'
import type { Product, Source } from '../../schema/model.ts'
import type { Change } from '../../schema/record.ts'
import type { Row } from '../../schema/row.ts'
import { startProgress } from '../../subgraphs/runtime/change-progress.ts'
import { ChangeStream } from '../../subgraphs/runtime/change-stream.ts'
import { createGate } from '../../subgraphs/runtime/gate.ts'
import { RecentSources } from '../../subgraphs/runtime/recent-sources.ts'
import { allRecords, byId, jsonOf, openPorts, visibleRows, type TestPorts } from './open-ports.ts'
import { testProduct } from './test-products.ts'
import { nextChange } from './next-change.ts'

const TOPIC = 'test.things'
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open(): Promise<TestPorts> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  return ports
}

function product(source: Partial<Source> = {}): Product {
  return testProduct({ source: { partitions: 1, ...source } })
}

/** The product after the fix: prices may be negative. */
function mended(source: Partial<Source> = {}): Product {
  const { entities, ...rest } = product(source)
  const withoutChecks = entities.map((entity) => ({
    ...entity,
    fields: entity.fields.map((field) => (field.kind === 'stored' ? { ...field, checks: [] } : field)),
  }))
  return { ...rest, version: '1.1.0', entities: withoutChecks }
}

function message(id: string, cells: object, headers?: Readonly<Record<string, string>>): AppendRecord {
  const value = Buffer.from(JSON.stringify({ id, shelf: 's', rank: 1, ...cells }))
  return { key: Buffer.from(id), value, partition: 0, ...(headers === undefined ? {} : { headers }) }
}

const bad = (id: string, cells: object = {}): AppendRecord => message(id, { price: '-1', ...cells })

/** Ingests what is in the topic by the product's rules, and stops. */
async function ingested(ports: TestPorts, by: Product, log: EventLog = ports.log): Promise<void> {
  const ingest = await startIngest({ products: [by], ...ports, log, sweep: false })
  await ingest.caughtUp()
  await ingest.close()
}

/** One append each, so that each has a time of its own. */
async function append(ports: TestPorts, records: readonly AppendRecord[]): Promise<readonly Position[]> {
  const positions: Position[] = []
  for (const record of records) positions.push(...(await ports.log.append(TOPIC, [record])))
  return positions
}

const redrive = (ports: Pick<TestPorts, 'log' | 'clock'>, by: Product, filter: RejectedFilter = {}) =>
  redriveRejected({
    product: by,
    filter,
    reason: 'mended',
    user: 'anna',
    host: 'till',
    dryRun: false,
    log: ports.log,
    clock: ports.clock,
  })

const textOf = (position: Position | undefined): string =>
  `${position?.topic}:${position?.partition}:${position?.offset}`

async function changesOf(ports: TestPorts): Promise<Change[]> {
  return (await allRecords(ports.log, `${TOPIC}.changes`)).map((record) => jsonOf(record) as Change)
}

async function listed(ports: TestPorts, filter: RejectedFilter = {}): Promise<ListedRecord[]> {
  const records: ListedRecord[] = []
  const question = { filter, recordsMax: null, full: false }
  await listRejected(ports.log, TOPIC, question, async (record) => void records.push(record))
  return records
}

const bothTables = async (ports: TestPorts): Promise<readonly Row[][]> => [
  byId(await visibleRows(ports.store, 'things')),
  byId(await visibleRows(ports.store, 'things_by_shelf')),
]

test('redriven after a fix, records are what they would have been: same rows, write times, keys and positions', async () => {
  const records = [
    bad('a', { note: 'first' }),
    message('b', { note: 'good' }),
    bad('c'),
    message('a', { note: 'newer', shelf: 't', price: '7' }),
    bad('b', { shelf: 'u', note: 'late' }),
  ]
  const [ports, oracle] = [await open(), await open()]
  await oracle.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  await append(oracle, records)
  await ingested(oracle, mended())
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  const positions = await append(ports, records)
  await ingested(ports, product())
  expect((await summarizeRejected(ports.log, TOPIC)).open).toBe(3)

  const outcome = await redrive(ports, mended())
  expect(outcome).toMatchObject({
    matched: 3,
    resumed: [],
    redrive: { finished: { redriven: 3, left: 0, approximate: 0 } },
  })
  await ingested(ports, mended())
  expect(await bothTables(ports)).toEqual(await bothTables(oracle))
  expect((await summarizeRejected(ports.log, TOPIC)).open).toBe(0)

  const generation = outcome.redrive?.generation ?? 0
  const times = new Map((await allRecords(ports.log, TOPIC)).map((record) => [record.offset, record.timestampUs]))
  const again = (await changesOf(ports)).filter((change) => change.generation > 0)
  expect(again.map((change) => [change.key, change.source, change.generation, change.writeTime])).toEqual(
    [0, 2, 4].map((index) => [
      ['a', '', 'c', '', 'b'][index],
      textOf(positions[index]),
      generation,
      times.get(positions[index]?.offset ?? -1),
    ]),
  )
  expect(await redrive(ports, mended())).toEqual({ matched: 0, complete: true, redrive: null, resumed: [] })
})

test('a redrive says who, when, why, what and how many, and is found again', async () => {
  const ports = await open()
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  await append(ports, [bad('a'), message('b', { rank: 'x' }), bad('c')])
  await ingested(ports, product())
  const outcome = await redrive(ports, mended(), { code: 'RECORD_CHECK_FAILED' })
  expect(await redrivesOf(ports.log, 'test/things')).toEqual([
    {
      id: expect.any(String) as string,
      product: 'test/things',
      productVersion: '1.1.0',
      filter: { code: 'RECORD_CHECK_FAILED' },
      reason: 'mended',
      user: 'anna',
      host: 'till',
      requestedAt: expect.stringMatching(/^\d{4}-/) as string,
      until: { [TOPIC]: [3] },
      generation: outcome.redrive?.generation,
      finished: { redriven: 2, left: 0, approximate: 0, at: expect.any(String) as string },
    },
  ])
})

test('what fails again goes back with its history, and is one open record', async () => {
  const ports = await open()
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  const [first] = await append(ports, [bad('a'), message('b', {})])
  await ingested(ports, product())
  const before = await listed(ports)
  for (let round = 0; round < 2; round++) {
    const { redrive: done } = await redrive(ports, product())
    await ingested(ports, product())
    expect(done === null ? -1 : await rejectedAgain(ports.log, done)).toBe(1)
  }
  const after = await listed(ports)
  const reason = {
    code: 'RECORD_CHECK_FAILED',
    field: 'price',
    check: 'price-not-negative',
    message: expect.any(String) as string,
  }
  const at = expect.any(String) as string
  expect(after).toEqual([
    {
      ...before[0],
      rejectedAt: at,
      attempts: [
        { at: before[0]?.rejectedAt, ...reason },
        { at, ...reason },
      ],
    },
  ])
  expect(after[0]?.position).toBe(textOf(first))
  expect((await summarizeRejected(ports.log, TOPIC)).reasons.map(({ times }) => times)).toEqual([1])
})

test('rejected records are grouped by code, check and field, and chosen by them, by time and by position', async () => {
  const ports = await open()
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  const broken = { key: Buffer.from('x'), value: Buffer.from('no json'), partition: 0 }
  const positions = await append(ports, [bad('a'), message('b', { rank: 'x' }), broken, bad('c', { rank: 'y' })])
  await ingested(ports, product())
  const { reasons, open: count } = await summarizeRejected(ports.log, TOPIC)
  expect(count).toBe(4)
  const grouped = reasons.map(({ code, field, check, times }) => [code, field, check, times])
  expect(grouped.toSorted((left, right) => (String(left[0]) < String(right[0]) ? -1 : 1))).toEqual([
    ['RECORD_CHECK_FAILED', 'price', 'price-not-negative', 2],
    ['RECORD_FIELD_TYPE', 'rank', null, 2],
    ['RECORD_UNPARSABLE', null, null, 1],
  ])
  const chosen = async (filter: RejectedFilter) => (await listed(ports, filter)).map(({ position }) => position)
  const at = (...indexes: number[]) => indexes.map((index) => textOf(positions[index]))
  expect(await chosen({ code: 'RECORD_FIELD_TYPE' })).toEqual(at(1, 3))
  expect(await chosen({ check: 'price-not-negative' })).toEqual(at(0, 3))
  expect(await chosen({ code: 'RECORD_FIELD_TYPE', field: 'price' })).toEqual([])
  expect(await chosen({ field: 'price' })).toEqual(at(0, 3))
  expect(await chosen({ position: textOf(positions[2]) })).toEqual(at(2))
  expect(await chosen({ since: '2100-01-01' })).toEqual([])
  expect((await listed(ports, { position: textOf(positions[2]) }))[0]).toMatchObject({ key: 'x', value: 'no json' })
})

/** Fails at the append so many: before it has an effect, or after. */
function failingAt(
  log: EventLog,
  failAt: number,
  after: boolean,
): { readonly log: EventLog; readonly failed: () => boolean } {
  let appends = 0
  const proxy = new Proxy(log, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...parameters: unknown[]) => {
        const fails = name === 'append' && ++appends === failAt
        if (fails && !after) throw new MeshgateError('LOG_UNAVAILABLE', 'killed')
        const result: unknown = await Reflect.apply(member, target, parameters)
        if (fails) throw new MeshgateError('LOG_UNAVAILABLE', 'killed')
        return result
      }
    },
  })
  return { log: proxy, failed: () => appends >= failAt }
}

test('interrupted at any append, the next redrive goes on: nothing is left out, and a subscriber is told each change once', async () => {
  const ports = await open()
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  let from = 0
  for (let failAt = 1, failed = true; failed; failAt++) {
    for (const after of [false, true]) {
      const ids = Array.from({ length: 6 }, (_, index) => `${failAt}-${String(after)}-${index}`)
      await append(
        ports,
        ids.map((id) => bad(id)),
      )
      await ingested(ports, product())
      const breaking = failingAt(ports.log, failAt, after)
      await redrive({ ...ports, log: breaking.log }, mended()).catch(() => undefined)
      failed = breaking.failed()
      const next = await redrive(ports, mended())
      expect(next.redrive === null || next.resumed.length === 0).toBe(true)
      await ingested(ports, mended())
      expect((await openRejected(ports.log, TOPIC)).records).toEqual([])
      const told = await toldFrom(ports, from)
      expect(told.toSorted()).toEqual(ids)
      from = (await ports.log.offsets(`${TOPIC}.changes`))[0]?.next ?? 0
    }
  }
})

/** Keys of the changes that a subscriber from this offset on is told. */
async function toldFrom(ports: TestPorts, from: number): Promise<string[]> {
  const [topic, replayGate] = [`${TOPIC}.changes`, createGate(4)]
  const recentSources = new RecentSources(ports.log, replayGate, topic)
  const select = () => 'row' as const
  const stream = await ChangeStream.open({
    log: ports.log,
    topic,
    from: startProgress([from]),
    select,
    replayGate,
    recentSources,
  })
  await append(ports, [message('end', {})])
  await ingested(ports, mended())
  const told: string[] = []
  for (;;) {
    const selected = await nextChange(stream)
    if (selected.change.key === 'end') break
    told.push(selected.change.key)
  }
  await stream.close()
  return told
}

test('what is redriven later and lies earlier is told too', async () => {
  const ports = await open()
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  const positions = await append(ports, [bad('a'), bad('b')])
  await ingested(ports, product())
  for (const position of [positions[1], positions[0]]) {
    await redrive(ports, mended(), { position: textOf(position) })
    await ingested(ports, mended())
  }
  expect(await toldFrom(ports, 0)).toEqual(['b', 'a'])
})

test('a record that was rejected in parts is put together again', async () => {
  const ports = await open()
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  const headers = { origin: 'x'.repeat(3_000) }
  // Fits into the log as it came and as it is redriven, and not with what was wrong with it.
  const note = 'n'.repeat(limits.recordBytesMax - 5_526)
  const large = message('a', { price: '-1', note }, { ...headers, more: 'y'.repeat(1_000) })
  await append(ports, [large, message('b', {})])
  await ingested(ports, product())
  const parts = await allRecords(ports.log, `${TOPIC}.rejected`)
  expect(parts.map((record) => record.headers['meshgate-part'])).toEqual(['1/2', '2/2'])
  expect((await redrive(ports, mended())).redrive?.finished).toMatchObject({ redriven: 1, left: 0 })
  await ingested(ports, mended())
  const [row] = byId(await visibleRows(ports.store, 'things'))
  expect(row).toEqual({ id: 'a', shelf: 's', rank: 1, price: '-1', note })
  const redriven = (await allRecords(ports.log, TOPIC)).at(-1)
  expect([redriven?.headers['origin'], redriven?.headers['meshgate-part']]).toEqual([headers.origin, undefined])
})

test('in a compacted topic a redriven record has a key of its own, and is ingested by that of the original', async () => {
  const ports = await open()
  const source = { compacted: true }
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: true }])
  const [first] = await append(ports, [bad('a')])
  await ingested(ports, product(source))
  await redrive(ports, mended(source))
  await ingested(ports, mended(source))
  expect(await visibleRows(ports.store, 'things')).toEqual([{ id: 'a', shelf: 's', rank: 1, price: '-1' }])
  const keys = (await allRecords(ports.log, TOPIC)).map(({ key }) => Buffer.from(key ?? []).toString())
  expect(keys).toEqual(['a', `redriven ${textOf(first)}`])
})

test('what is redriven goes through re-keying as what it was', async () => {
  const ports = await open()
  const source = { keyField: 'shelf', rekeyed: true }
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  const [first] = await append(ports, [{ ...bad('a'), key: Buffer.from('s') }])
  await append(ports, [{ ...message('a', { price: '3' }), key: Buffer.from('s') }])
  await ingested(ports, product(source))
  const { redrive: done } = await redrive(ports, mended(source))
  await ingested(ports, mended(source))
  expect(await visibleRows(ports.store, 'things')).toEqual([{ id: 'a', shelf: 's', rank: 1, price: '3' }])
  expect((await changesOf(ports)).map((change) => [change.source, change.generation])).toContainEqual([
    textOf(first),
    done?.generation,
  ])
})

test('a record rejected before its append time was kept gets it from the original', async () => {
  const ports = await open()
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  const [first] = await append(ports, [bad('a')])
  await ingested(ports, product())
  const [rejected] = await allRecords(ports.log, `${TOPIC}.rejected`)
  const headers = Object.fromEntries(
    Object.entries(rejected?.headers ?? {}).filter(([name]) => name !== 'meshgate-source-append-time-us'),
  )
  const [original] = await allRecords(ports.log, TOPIC)
  const gone = { ...headers, 'meshgate-source-position': `${TOPIC}:0:900` }
  await ports.log.append(`${TOPIC}.rejected`, [
    { key: rejected?.key ?? null, value: rejected?.value ?? null, headers: gone, partition: 0 },
  ])
  const { redrive: done } = await redrive(ports, mended())
  expect(done?.finished).toMatchObject({ redriven: 2, approximate: 1 })
  const again = (await allRecords(ports.log, TOPIC)).filter(
    (record) => record.headers['meshgate-redrive'] !== undefined,
  )
  expect(again[0]?.headers['meshgate-source-append-time-us']).toBe(String(original?.timestampUs))
  expect(again[0]?.headers['meshgate-source-position']).toBe(textOf(first))
})

test('marks of a redrive are short, and the topic of redrives has all of them', async () => {
  const ports = await open()
  await ports.log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  const many = Array.from({ length: limits.redriveBatchRecordsMax + 5 }, (_, index) => bad(`r${index}`))
  await ports.log.append(TOPIC, many)
  await ingested(ports, product())
  await redrive(ports, mended())
  const facts = (await allRecords(ports.log, REDRIVES_TOPIC)).map((record) => jsonOf(record) as object)
  expect(facts.map((fact) => Object.keys(fact))).toEqual([['redrive'], ['mark'], ['mark'], ['redrive']])
  expect((await openRejected(ports.log, TOPIC)).records).toEqual([])
})
