// Facts of what is derived from the river's readings: minutes, hours, moving averages, anomalies and outages, each computed here from the
// file in whole hundredths, window by window.
import { expect } from 'vitest'
import { allPages, type Connection } from './all-pages.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { riverReadings, type RiverReading } from './river-readings.ts'

const SENSOR = 'water-flow'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

interface Summary {
  readonly readings: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly average: number
}

function summaryOf(readings: readonly RiverReading[]): Summary {
  const values = readings.map(({ hundredths }) => hundredths)
  const total = values.reduce((sum, value) => sum + value, 0)
  return {
    readings: values.length,
    sum: total / 100,
    min: Math.min(...values) / 100,
    max: Math.max(...values) / 100,
    average: expect.closeTo(total / 100 / values.length, 9) as number,
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()

/** Readings by the begin of the window of that size that they are in. */
function byWindow(sizeMs: number): ReadonlyMap<number, readonly RiverReading[]> {
  const windows = new Map<number, RiverReading[]>()
  for (const reading of riverReadings) {
    const begin = reading.atMs - (reading.atMs % sizeMs)
    windows.set(begin, [...(windows.get(begin) ?? []), reading])
  }
  return windows
}

async function allOf(mesh: AskedMesh, field: string, fields: string): Promise<readonly object[]> {
  const span = 'from: "2022-01-01T00:00:00Z", until: "2023-01-01T00:00:00Z"'
  const page = `${field}(${span}, first: 100, after: $after) { nodes { ${fields} } pageInfo { hasNextPage endCursor } }`
  const document = `query ($after: String) { sensor(id: "${SENSOR}") { ${page} } }`
  return allPages(async (after) => {
    const { sensor } = await mesh.query<{ sensor: Record<string, Connection<object>> }>(document, { after })
    const connection = sensor[field]
    if (connection === undefined) throw new Error(`no ${field}`)
    return connection
  })
}

function windowsOf(sizeMs: number, name: string): readonly object[] {
  const windows = [...byWindow(sizeMs)].toSorted(([left], [right]) => right - left)
  return windows.map(([begin, readings]) => ({
    [name]: iso(begin),
    ...summaryOf(readings),
    last: (readings.at(-1)?.hundredths ?? Number.NaN) / 100,
  }))
}

/** Every 24 hours, beginning with any hour, that have a reading. */
function movingAverages(): readonly object[] {
  const begins = new Set<number>()
  for (const { atMs } of riverReadings) {
    const hour = atMs - (atMs % HOUR_MS)
    for (let back = 0; back < 24; back += 1) begins.add(hour - back * HOUR_MS)
  }
  return [...begins]
    .toSorted((left, right) => right - left)
    .map((from) => {
      const inside = riverReadings.filter(({ atMs }) => atMs >= from && atMs < from + DAY_MS)
      const hours = new Set(inside.map(({ atMs }) => Math.floor(atMs / HOUR_MS))).size
      return { from: iso(from), until: iso(from + DAY_MS), hours, ...summaryOf(inside) }
    })
}

/** In hundredths and halves of them, so exact. */
function middle(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const half = sorted.length / 2
  return ((sorted[half - 1] ?? Number.NaN) + (sorted[half] ?? Number.NaN)) / 2
}

interface Found {
  readonly at: string
  readonly actual: number
  readonly expected: number
  readonly score: number
}

/** By the rule that the product states: the 24 readings before, of the same day and the day before. */
function farOff(): readonly Found[] {
  return riverReadings.flatMap((reading) => {
    const dayBefore = reading.atMs - (reading.atMs % DAY_MS) - DAY_MS
    const earlier = riverReadings.filter(({ atMs }) => atMs >= dayBefore && atMs < reading.atMs).slice(-24)
    if (earlier.length < 24) return []
    const values = earlier.map(({ hundredths }) => hundredths)
    const expected = middle(values)
    const spread = Math.max(
      1.4826 * middle(values.map((value) => Math.abs(value - expected))),
      0.01 * Math.abs(expected),
    )
    const score = (reading.hundredths - expected) / spread
    if (Math.abs(score) <= 6) return []
    return [{ at: iso(reading.atMs), actual: reading.hundredths / 100, expected: expected / 100, score }]
  })
}

/** Readings below 90 or above 110, put together while no three hours lie between two. */
function outOfRange(): readonly object[] {
  const spans: RiverReading[][] = []
  for (const reading of riverReadings) {
    if (reading.hundredths >= 9_000 && reading.hundredths <= 11_000) continue
    const span = spans.at(-1)
    const last = span?.at(-1)
    if (span === undefined || last === undefined || reading.atMs - last.atMs > 3 * HOUR_MS) spans.push([reading])
    else span.push(reading)
  }
  return spans.toReversed().map((span) => {
    const { readings, min, max } = summaryOf(span)
    return {
      begin: iso(span[0]?.atMs ?? 0),
      end: iso(span.at(-1)?.atMs ?? 0),
      readings,
      lowest: min,
      highest: max,
    }
  })
}

export const telemetryDerivedFacts: readonly FactRule[] = [
  {
    title: 'every minute of the river with a reading sums up what the file has in it',
    async check(mesh) {
      const minutes = await allOf(mesh, 'minutes', 'minute readings sum min max average last')
      expect(minutes).toEqual(windowsOf(60_000, 'minute'))
    },
  },
  {
    title: 'every hour of the river sums up what the file has in it',
    async check(mesh) {
      const hours = await allOf(mesh, 'hours', 'hour readings sum min max average last')
      expect(hours).toEqual(windowsOf(HOUR_MS, 'hour'))
    },
  },
  {
    title: 'the moving average of any 24 hours is that of the file’s readings in them',
    async check(mesh) {
      const trend = await allOf(mesh, 'trend', 'from until hours readings sum min max average')
      const expected = movingAverages()
      expect(trend).toHaveLength(expected.length)
      expect(trend).toEqual(expected)
    },
  },
  {
    title: 'the river’s anomalies are the readings that the stated rule finds in the file',
    async check(mesh) {
      const anomalies = await allOf(mesh, 'anomalies', 'at actual expected score')
      const expected = farOff().toReversed()
      expect(expected.length).toBeGreaterThan(20)
      const near = expected.map((found) => ({
        ...found,
        expected: expect.closeTo(found.expected, 9) as number,
        score: expect.closeTo(found.score, 6) as number,
      }))
      expect(anomalies).toEqual(near)
    },
  },
  {
    title: 'the river’s outages are the spans in which the file’s readings are out of range',
    async check(mesh) {
      const outages = await allOf(mesh, 'outages', 'begin end readings lowest highest')
      const expected = outOfRange()
      expect(expected.length).toBeGreaterThan(1)
      expect(outages).toEqual(expected)
    },
  },
]
