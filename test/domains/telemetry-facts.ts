// Facts of the domain telemetry: the river's readings as they stand in the file, one by one and in a span of time.
import { expect } from 'vitest'
import { allPages, type Connection } from './all-pages.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { riverReadings, type RiverReading } from './river-readings.ts'
import { telemetryDerivedFacts } from './telemetry-derived-facts.ts'

const SENSOR = 'water-flow'

interface Reading {
  readonly at: string
  readonly value: number
  readonly change: number | null
}

async function readingsOf(mesh: AskedMesh): Promise<readonly Reading[]> {
  const document = `query ($after: String) {
    readings(sensorId: "${SENSOR}", from: "2022-01-01T00:00:00Z", until: "2023-01-01T00:00:00Z", first: 500, after: $after) {
      nodes { at value change }
      pageInfo { hasNextPage endCursor }
    }
  }`
  return allPages(async (after) => (await mesh.query<{ readings: Connection<Reading> }>(document, { after })).readings)
}

function expected({ atMs, hundredths }: RiverReading, before: RiverReading | undefined): Reading {
  return {
    at: new Date(atMs).toISOString(),
    value: hundredths / 100,
    change: before === undefined ? null : (hundredths - before.hundredths) / 100,
  }
}

const allReadings = riverReadings.map((reading, index) => expected(reading, riverReadings[index - 1])).toReversed()

export const telemetryFacts: readonly FactRule[] = [
  {
    title: 'the 1,268 readings of the river are there with their times in UTC, newest first',
    async check(mesh) {
      const readings = await readingsOf(mesh)
      expect(readings).toHaveLength(1_268)
      expect(readings).toEqual(allReadings)
    },
  },
  {
    title: 'the last readings of a span of time are those of the file, however it writes the span’s offset from UTC',
    async check(mesh) {
      // The night in which the clocks went forward: 01:00+01:00 is followed by 03:00+02:00.
      const document = `{
        sensor(id: "${SENSOR}") {
          name unit low high
          readings(from: "2022-03-27T00:00:00+01:00", until: "2022-03-27T06:00:00+02:00", first: 4) { nodes { at value change } }
        }
      }`
      const from = Date.parse('2022-03-26T23:00:00Z')
      const until = Date.parse('2022-03-27T04:00:00Z')
      const inSpan = allReadings.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) < until)
      expect(inSpan).toHaveLength(5)
      expect(await mesh.query(document)).toEqual({
        sensor: { name: 'Water main', unit: 'l/s', low: 90, high: 110, readings: { nodes: inSpan.slice(0, 4) } },
      })
    },
  },
  {
    title: 'a reading is found by its sensor and time',
    async check(mesh) {
      const lowest = allReadings.reduce((least, reading) => (reading.value < least.value ? reading : least))
      expect(lowest.value).toBe(24.24)
      const document = `query ($at: DateTime!) { reading(sensorId: "${SENSOR}", at: $at) { at value change sensor { quantity } } }`
      expect(await mesh.query(document, { at: lowest.at })).toEqual({
        reading: { ...lowest, sensor: { quantity: 'water flow' } },
      })
    },
  },
  ...telemetryDerivedFacts,
]
