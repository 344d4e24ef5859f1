// Records of telemetry.sensors and telemetry.readings: the water flow of one pipe, hour by hour, as the river project ships it. Times keep
// the file's offsets from UTC (the clocks went forward in its second week), values its digits; `change` is the difference from the line before.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import type { SampleRecord } from '../sample-load.ts'

export const waterFlowFile = new URL('water-flow.csv.gz', import.meta.url)

/** The only sensor of the file, which has no name there. */
export const WATER_FLOW_SENSOR = 'water-flow'

export async function* sensorRecords(): AsyncGenerator<SampleRecord> {
  const value = {
    id: WATER_FLOW_SENSOR,
    name: 'Water main',
    quantity: 'water flow',
    unit: 'l/s',
    everySeconds: 3_600,
    // All but 42 of the 1,268 readings lie in it; the file says nothing of a range.
    low: 90,
    high: 110,
  }
  yield { key: value.id, value }
}

export async function* readingRecords(): AsyncGenerator<SampleRecord> {
  let before: string | null = null
  for await (const { at, digits } of waterFlowLines()) {
    const change = before === null ? null : hundredths(digits) - hundredths(before)
    const changed = change === null ? '' : `,"change":${change / 100}`
    yield {
      key: WATER_FLOW_SENSOR,
      value: `{"sensorId":"${WATER_FLOW_SENSOR}","at":"${at}","value":${digits}${changed}}`,
    }
    before = digits
  }
}

/** The file has two decimals at most. */
function hundredths(digits: string): number {
  return Math.round(Number(digits) * 100)
}

async function* waterFlowLines(): AsyncGenerator<{ readonly at: string; readonly digits: string }> {
  const file = createReadStream(waterFlowFile)
  const unzipped = createGunzip()
  // A plain pipe would lose the file's own error.
  file.on('error', (error) => unzipped.destroy(error)).pipe(unzipped)
  let isHeader = true
  for await (const line of createInterface({ input: unzipped, crlfDelay: Infinity })) {
    const [at = '', digits = ''] = line.split(',')
    if (!isHeader && line !== '') yield { at, digits }
    isHeader = false
  }
}
