// The river's readings as records, what the product says of them, and the sensors that do not exist.
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { compileProduct } from '../../schema/compile-product.ts'
import { compileRecordCodec } from '../../schema/emit/emit-record-codec.ts'
import { telemetryLoads } from '../../samples/telemetry-loads.ts'
import {
  isAnomaly,
  simulatedReading,
  simulatedSensor,
  type SimulatedSensors,
} from '../../samples/simulator/simulated-sensors.ts'

async function recordsOf(topic: string): Promise<readonly { readonly key: string; readonly text: string }[]> {
  const load = telemetryLoads.find((candidate) => candidate.topic === topic)
  if (load === undefined) throw new Error(`no load of ${topic}`)
  const records = []
  for await (const { key, value } of load.records()) {
    records.push({ key, text: typeof value === 'string' ? value : JSON.stringify(value) })
  }
  expect(records).toHaveLength(load.expected)
  return records
}

async function codecOf(name: string) {
  const file = new URL('../../subgraphs/telemetry/readings/product.graphql', import.meta.url)
  const { product } = compileProduct('product.graphql', await readFile(file, 'utf8'))
  const entity = product?.entities.find((candidate) => candidate.name === name)
  if (product === null || entity === undefined) throw new Error(`no ${name}`)
  return { entity, codec: compileRecordCodec(product, entity) }
}

describe('the river', () => {
  test('keeps the file’s digits and offsets, and every reading is taken', async () => {
    const records = await recordsOf('telemetry.readings')
    expect(records[0]?.text).toBe('{"sensorId":"water-flow","at":"2022-03-20T11:00:00+01:00","value":100.59}')
    expect(records[1]?.text).toBe(
      '{"sensorId":"water-flow","at":"2022-03-20T12:00:00+01:00","value":100.89,"change":0.3}',
    )
    const { codec } = await codecOf('Reading')
    const warned = new Map<string | null, number>()
    for (const { key, text } of records) {
      const decoded = codec.decode({ key: Buffer.from(key), value: Buffer.from(text), headers: {} })
      expect(decoded.kind).toBe('upsert')
      if (decoded.kind !== 'upsert') continue
      for (const { checkId } of decoded.warnings) warned.set(checkId, (warned.get(checkId) ?? 0) + 1)
    }
    // As the file's differences say: what jumps by more than 25 l/s in an hour is written, and marked.
    const flows = (await readFlows()).map(Number)
    const jumps = flows.filter((flow, index) => index > 0 && Math.abs(flow - (flows[index - 1] ?? flow)) > 25)
    expect(warned).toEqual(new Map([['rate-of-change', jumps.length]]))
    expect(jumps.length).toBeGreaterThan(5)
  })

  test('is written without anything being read before, in an order that its sensor keeps', async () => {
    const { entity } = await codecOf('Reading')
    expect([entity.readsBase, entity.source?.keyField, entity.source?.rekeyed]).toEqual([false, 'sensorId', false])
  })

  test('ships its licence and is named in the notice', async () => {
    const notice = await readFile(new URL('../../NOTICE', import.meta.url), 'utf8')
    const licence = await readFile(new URL('../../samples/sensors/LICENSE', import.meta.url), 'utf8')
    expect(notice).toContain('samples/sensors/water-flow.csv.gz')
    expect(licence).toContain('BSD 3-Clause License')
  })
})

async function readFlows(): Promise<readonly string[]> {
  const bytes = await readFile(new URL('../../samples/sensors/water-flow.csv.gz', import.meta.url))
  return gunzipSync(bytes).toString().trim().split('\n').slice(1).map((line) => line.split(',')[1] ?? '') // prettier-ignore
}

describe('simulated sensors', () => {
  const simulated: SimulatedSensors = {
    seed: 11,
    sensors: 50,
    readingsPerSecond: 1_000,
    startMs: Date.UTC(2026, 0, 1),
    anomalyShare: 0.01,
  }

  test('measure the same for the same seed, another for another', () => {
    expect(simulatedReading(simulated, 7, 1_234)).toEqual(simulatedReading({ ...simulated }, 7, 1_234))
    expect(simulatedReading({ ...simulated, seed: 12 }, 7, 1_234).value).not.toBe(
      simulatedReading(simulated, 7, 1_234).value,
    )
  })

  test('measure each at times of their own, evenly, with the change from the reading before', () => {
    const readings = [0, 1, 2].map((number) => simulatedReading(simulated, 3, number))
    expect(readings.map(({ at }) => at)).toEqual([
      '2026-01-01T00:00:00.003Z',
      '2026-01-01T00:00:00.053Z',
      '2026-01-01T00:00:00.103Z',
    ])
    expect(readings[0]?.change).toBeNull()
    expect(readings[2]?.change).toBeCloseTo((readings[2]?.value ?? 0) - (readings[1]?.value ?? 0), 9)
  })

  test('are far off in the share asked for, and near their middle else', () => {
    let anomalies = 0
    for (let sensor = 0; sensor < 50; sensor += 1) {
      const { low, high } = simulatedSensor(simulated, sensor)
      const middle = (low + high) / 2
      for (let number = 0; number < 1_000; number += 1) {
        const { value, isAnomaly: marked } = simulatedReading(simulated, sensor, number)
        const off = Math.abs(value - middle) / middle
        expect(marked).toBe(isAnomaly(simulated, sensor, number))
        expect(off > 0.1).toBe(marked)
        if (marked) anomalies += 1
      }
    }
    expect(anomalies).toBeGreaterThan(400)
    expect(anomalies).toBeLessThan(600)
  })
})
