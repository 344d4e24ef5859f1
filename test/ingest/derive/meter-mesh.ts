// A small mesh of folds that take what rows contribute from their changes: meters' readings, which say with a number which of them is newer, summed
// up by minute, and put in order by a function. And what the derived tables must hold, computed from the readings' table by code of its own.
import { startIngest, type Ingest } from '../../../ingest/main.ts'
import type { AppendRecord } from '../../../platform/ports/event-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import type { FoldFunctions } from '../../../schema/fold/fold-function.ts'
import { cellText, type Row } from '../../../schema/row.ts'
import { productOf } from '../../schema/compile.ts'
import { visibleRows, type TestPorts } from '../open-ports.ts'
import type { Random } from '../random-things.ts'
import { sortedRows } from './sales-mesh.ts'

function header(name: string): string {
  return `extend schema @product(name: "${name}", domain: "tests", owner: "tests@example.com", version: "1.0.0")\n`
}

export const readings = productOf(`${header('readings')}
type Reading @key(fields: "meter at")
  @source(topic: "tests.readings", key: "meter", version: "sequence", envelope: DEBEZIUM, partitions: 2)
  @table(name: "readings", partitionKey: ["meter"], clusteringKey: ["at"]) {
  meter: ID!
  at: DateTime!
  sequence: Int!
  value: Int!
  weight: Int!
}
type Query { reading(meter: ID!, at: DateTime!): Reading @lookup }
`)

const READ = `
input ReadingRead @reads(product: "tests/readings", entity: "Reading", key: ["meter", "at"]) {
  meter: ID!
  at: DateTime!
  value: Int!
  weight: Int!
}
`

export const minutes = productOf(`${header('minutes')}
${READ}
type Minute @key(fields: "meter minute")
  @source(topic: "tests.minutes", key: "meter", partitions: 2)
  @table(name: "minutes", partitionKey: ["meter"], clusteringKey: ["minute"])
  @fold(input: "ReadingRead", time: "at", where: "value >= 0")
  @window(size: "PT1M") {
  meter: ID! @group(cel: "meter")
  minute: DateTime! @windowStart
  readings: Int! @aggregate(function: COUNT)
  weight: BigInt! @aggregate(function: SUM, cel: "weight")
  most: Int! @aggregate(function: MAX, cel: "value")
  last: Int! @aggregate(function: LAST, cel: "value")
}
type Query { minute(meter: ID!, minute: DateTime!): Minute @lookup }
`)

export const runs = productOf(`${header('runs')}
${READ}
type Run @key(fields: "meter begin")
  @source(topic: "tests.runs", key: "meter", partitions: 2)
  @table(name: "runs", partitionKey: ["meter"], clusteringKey: ["begin"])
  @fold(input: "ReadingRead", time: "at")
  @window(size: "PT2M", every: "PT1M")
  @foldBy(function: "runs", ordered: true) {
  meter: ID! @group(cel: "meter")
  begin: DateTime! @windowStart
  values: String!
}
type Query { run(meter: ID!, begin: DateTime!): Run @lookup }
`)

export const meterFunctions: Readonly<Record<string, FoldFunctions>> = {
  'tests/runs': {
    runs: {
      init: () => [],
      apply: (state, { value }) => [...(state as readonly number[]), Number(value['value'])],
      emit: (state, group) => [{ ...group, values: (state as readonly number[]).join(' ') }],
    },
  },
}

export const meterProducts = [readings, minutes, runs]

export async function startMeters(ports: Pick<TestPorts, 'log' | 'store' | 'clock'>): Promise<Ingest> {
  const { log, store, clock } = ports
  return startIngest({ products: meterProducts, functions: meterFunctions, log, store, clock, sweep: false })
}

const METERS = 3
const MOMENTS = 40
const MOMENT_MS = 5_000
const FIRST_MS = Date.UTC(2026, 0, 1)
/** Few: many records of one reading have the same. */
const SEQUENCES = 4

export function randomReading(random: Random): AppendRecord {
  const meter = `m${random(METERS)}`
  const at = new Date(FIRST_MS + random(MOMENTS) * MOMENT_MS).toISOString()
  const key = { meter, at, sequence: 1 + random(SEQUENCES) }
  const isDelete = random(6) === 0
  const after = { ...key, value: random(20) - 3, weight: random(5) }
  const event = isDelete ? { op: 'd', before: key } : { op: 'u', after }
  return { key: Buffer.from(meter), value: Buffer.from(JSON.stringify(event)) }
}

export interface MeterRows {
  readonly minutes: readonly Row[]
  readonly runs: readonly Row[]
}

export async function derivedMeters(store: Store): Promise<MeterRows> {
  const [minuteRows = [], runRows = []] = await Promise.all(
    ['minutes', 'runs'].map(async (table) => sortedRows(await visibleRows(store, table))),
  )
  return { minutes: minuteRows, runs: runRows }
}

interface Found {
  readonly meter: string
  readonly atMs: number
  readonly value: number
  readonly weight: number
}

export async function expectedMeters(store: Store): Promise<MeterRows> {
  const found = (await visibleRows(store, 'readings')).map((row): Found => {
    const { meter, at, value, weight } = row
    return { meter: cellText(meter), atMs: Date.parse(cellText(at)), value: Number(value), weight: Number(weight) }
  })
  found.sort((left, right) => left.atMs - right.atMs)
  const minuteRows = [...byWindow(found, 1)].flatMap(([, { meter, startMs, of: all }]) => {
    const of = all.filter(({ value }) => value >= 0)
    if (of.length === 0) return []
    const weight = String(of.reduce((sum, each) => sum + each.weight, 0))
    const most = Math.max(...of.map(({ value }) => value))
    const minute = new Date(startMs).toISOString()
    return [{ meter, minute, readings: of.length, weight, most, last: of.at(-1)?.value ?? null }]
  })
  const runRows = [...byWindow(found, 2)].map(([, { meter, startMs, of }]) => {
    return { meter, begin: new Date(startMs).toISOString(), values: of.map(({ value }) => value).join(' ') }
  })
  return { minutes: sortedRows(minuteRows), runs: sortedRows(runRows) }
}

const MINUTE_MS = 60_000

interface Window {
  readonly meter: string
  readonly startMs: number
  readonly of: Found[]
}

/** Windows of so many minutes that begin with every minute. */
function byWindow(found: readonly Found[], sizeMinutes: number): Map<string, Window> {
  const windows = new Map<string, Window>()
  for (const one of found) {
    for (let back = 0; back < sizeMinutes; back += 1) {
      const startMs = Math.floor(one.atMs / MINUTE_MS) * MINUTE_MS - back * MINUTE_MS
      const name = `${one.meter}/${startMs}`
      const window = windows.get(name) ?? { meter: one.meter, startMs, of: [] }
      windows.set(name, window)
      window.of.push(one)
    }
  }
  return windows
}
