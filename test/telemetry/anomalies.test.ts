// Simulated sensors with readings far off at known places, through a mesh that runs: exactly these are found, live and by query. And what is
// out of a sensor's range becomes outages.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startMeshgate, type MeshgateProcess } from '../../bench/processes/meshgate-process.ts'
import { createProcesses } from '../cli/meshgate-process.ts'
import { query, subscribe } from '../e2e/graphql-client.ts'
import { temporaryDirectory } from '../e2e/temporary-directory.ts'

const SENSORS = 40
const RATE = 2_000
const SECONDS = 6
/** The readings of a sensor before which the rule judges none. */
const UNJUDGED = 24

interface Place {
  readonly sensorId: string
  readonly at: string
}

const processes = createProcesses(() => ({}))
let directory: { path: string; remove: () => Promise<void> }
let mesh: MeshgateProcess

beforeAll(async () => {
  directory = await temporaryDirectory()
  const products = ['readings', 'minutes', 'anomalies', 'outages'].map((name) => `telemetry/${name}`)
  const environment = { MESHGATE_DATA_DIR: join(directory.path, 'data') }
  mesh = await startMeshgate({ args: ['dev', '--no-sample', ...products], environment })
  await mesh.ready()
}, 60_000)
afterAll(async () => {
  await processes.killAll()
  await mesh.stop()
  await directory.remove()
})

test('exactly the readings that are far off are found, live as by query', { timeout: 120_000 }, async () => {
  const file = join(directory.path, 'anomalies.ndjson')
  const detected = await subscribe(
    mesh.url,
    'subscription { anomalyDetected(sensorId: "sim-1") { sensorId at actual } }',
  )
  const size = ['--sensors', SENSORS, '--rate', RATE, '--seconds', SECONDS, '--seed', 3].map(String)
  const anomalies = ['--anomalies', '0.01', '--anomalies-out', file]
  const ended = await processes.run(['simulate', '--url', mesh.url, ...size, ...anomalies])
  expect(ended.code, ended.stderr).toBe(0)

  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  const injected = lines.map((line) => JSON.parse(line) as Place & { readonly value: number })
  const starts = await firstReadings()
  const judgedFrom = new Map(
    starts.map(({ sensorId, at }) => [sensorId, Date.parse(at) + (UNJUDGED * SENSORS * 1_000) / RATE]),
  )
  const expected = injected.filter(({ sensorId, at }) => Date.parse(at) >= (judgedFrom.get(sensorId) ?? 0))
  expect(expected.length).toBeGreaterThan(50)
  await until(async () => (await found()).length >= expected.length)
  await until(async () => (await minuteCount()) === RATE * SECONDS)
  const places = expected.map(({ sensorId, at, value }) => ({ sensorId, at, actual: value }))
  expect(inOrder(await found())).toEqual(inOrder(places))

  // A group that is folded anew may tell a row again, never another.
  const live = new Map<string, Place & { readonly actual: number }>()
  const ofOne = places.filter(({ sensorId }) => sensorId === 'sim-1')
  while (live.size < ofOne.length) {
    const { data } = await detected.next()
    const anomaly = data?.['anomalyDetected'] as Place & { readonly actual: number }
    live.set(anomaly.at, anomaly)
  }
  await detected.close()
  expect(inOrder([...live.values()])).toEqual(inOrder(ofOne))
})

test('readings out of their sensor’s range are counted in its outages', { timeout: 60_000 }, async () => {
  const document = `{ ${eachSensor((id) => `sensor(id: "${id}") { low high outages { nodes { readings lowest highest } } }`)} }`
  interface Outages {
    readonly low: number
    readonly high: number
    readonly outages: { readonly nodes: readonly { readings: number; lowest: number; highest: number }[] }
  }
  const lines = (await readFile(join(directory.path, 'anomalies.ndjson'), 'utf8')).trim().split('\n')
  const injected = lines.map((line) => JSON.parse(line) as Place & { readonly value: number })
  const counts = async (): Promise<readonly (readonly unknown[])[]> => {
    const sensors = await query<Record<string, Outages>>(mesh.url, document)
    return Object.values(sensors).map(({ low, high, outages }, index) => {
      const outside = injected.filter(({ sensorId, value }) => {
        return sensorId === `sim-${index + 1}` && (value < low || value > high)
      })
      return [outages.nodes, outside.length === 0 ? [] : [span(outside.map(({ value }) => value))]]
    })
  }
  const span = (values: readonly number[]) => ({
    readings: values.length,
    lowest: Math.min(...values),
    highest: Math.max(...values),
  })
  await until(async () => (await counts()).every(([told, wanted]) => JSON.stringify(told) === JSON.stringify(wanted)))
  expect((await counts()).filter(([told]) => (told as unknown[]).length > 0).length).toBeGreaterThan(5)
})

function eachSensor(ask: (id: string) => string): string {
  return Array.from({ length: SENSORS }, (_, index) => `s${index}: ${ask(`sim-${index + 1}`)}`).join(' ')
}

async function found(): Promise<readonly (Place & { readonly actual: number })[]> {
  const nodes = 'nodes { sensorId at actual }'
  const document = `{ ${eachSensor((id) => `anomalies(sensorId: "${id}", from: "2020-01-01T00:00:00Z", first: 100) { ${nodes} }`)} }`
  const data = await query<Record<string, { nodes: (Place & { actual: number })[] }>>(mesh.url, document)
  return Object.values(data).flatMap((connection) => connection.nodes)
}

async function firstReadings(): Promise<readonly Place[]> {
  // Newest first: the last of each sensor's thousand is its first.
  const document = `{ ${eachSensor((id) => `readings(sensorId: "${id}", from: "2020-01-01T00:00:00Z", first: 1000) { nodes { sensorId at } }`)} }`
  await until(async () => (await lag()) === 0)
  const data = await query<Record<string, { nodes: Place[] }>>(mesh.url, document)
  return Object.values(data).flatMap(({ nodes }) => nodes.slice(-1))
}

async function lag(): Promise<number> {
  const status = (await (await fetch(`${mesh.url}/ingest`)).json()) as { lag: Record<string, number> }
  return status.lag['telemetry/readings'] ?? Number.NaN
}

async function minuteCount(): Promise<number> {
  const document = `{ ${eachSensor((id) => `sensorMinutes(sensorId: "${id}") { nodes { readings } }`)} }`
  const data = await query<Record<string, { nodes: { readings: number }[] }>>(mesh.url, document)
  return Object.values(data).reduce((sum, { nodes }) => nodes.reduce((total, one) => total + one.readings, sum), 0)
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  // The test's time limit ends what never holds.
  while (!(await holds())) await sleep(100)
}

function inOrder<T extends Place>(places: readonly T[]): readonly T[] {
  return places.toSorted((left, right) => (left.sensorId + left.at < right.sensorId + right.at ? -1 : 1))
}
