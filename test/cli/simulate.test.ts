// `meshgate simulate` against a mesh that runs, and one lane against a server that has no room: every reading arrives, once and in order.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Agent } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMeshgate, type MeshgateProcess } from '../../bench/processes/meshgate-process.ts'
import { ReadingLane } from '../../cli/simulate/reading-lane.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { sensorId, simulatedReading } from '../../samples/simulator/simulated-sensors.ts'
import { query } from '../e2e/graphql-client.ts'
import { temporaryDirectory } from '../e2e/temporary-directory.ts'
import { createProcesses } from './meshgate-process.ts'

interface Reading {
  readonly sensorId: string
  readonly at: string
  readonly value: number
  readonly change?: number | null
}

describe('the simulator and a mesh', () => {
  const processes = createProcesses(() => ({}))
  let directory: { path: string; remove: () => Promise<void> }
  let mesh: MeshgateProcess

  beforeAll(async () => {
    directory = await temporaryDirectory()
    const environment = { MESHGATE_DATA_DIR: join(directory.path, 'data') }
    mesh = await startMeshgate({ args: ['dev', '--no-sample', 'telemetry/readings'], environment })
    await mesh.ready()
  }, 60_000)
  afterAll(async () => {
    await processes.killAll()
    await mesh.stop()
    await directory.remove()
  })

  test(
    'every reading is there when it ends, with those that are far off as the file says',
    { timeout: 60_000 },
    async () => {
      const file = join(directory.path, 'anomalies.ndjson')
      const size = ['--sensors', '7', '--rate', '350', '--seconds', '2', '--seed', '5']
      const anomalies = ['--anomalies', '0.05', '--anomalies-out', file]
      const { code, stdout, stderr } = await processes.run(['simulate', '--url', mesh.url, ...size, ...anomalies])
      expect(code, stderr).toBe(0)
      expect(stdout).toMatch(/^700 readings acknowledged in /)
      expect(stderr).toMatch(/ 1 s +\d+ acknowledged/)

      const written = (await readFile(file, 'utf8')).trim().split('\n')
      const expectedFar = written.map((line) => JSON.parse(line) as Reading)
      const found = await readingsOfAll(mesh.url)
      const first = Math.min(...found.map(({ at }) => Date.parse(at)))
      const expected = Array.from({ length: 700 }, (_, index) => {
        const simulated = { seed: 5, sensors: 7, readingsPerSecond: 350, startMs: first, anomalyShare: 0.05 }
        return simulatedReading(simulated, index % 7, Math.floor(index / 7))
      })
      expect(byPlace(found)).toEqual(
        byPlace(expected.map(({ sensorId: id, at, value, change }) => ({ sensorId: id, at, value, change }))),
      )
      const far = expected.filter(({ isAnomaly }) => isAnomaly)
      expect(byPlace(expectedFar)).toEqual(
        byPlace(far.map(({ sensorId: id, at, value }) => ({ sensorId: id, at, value }))),
      )
      expect(far.length).toBeGreaterThan(15)
    },
  )

  test('what it cannot do is said before anything is sent', async () => {
    const tooFast = await processes.run(['simulate', '--url', mesh.url, '--sensors', '1', '--rate', '2000'])
    expect([tooFast.code, tooFast.stderr]).toEqual([2, expect.stringContaining('at most every millisecond')])
    const nobody = await processes.run(['simulate', '--url', 'http://127.0.0.1:1'])
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('Start the mesh, or name it by --url.')])
  })
})

async function readingsOfAll(url: string): Promise<readonly Reading[]> {
  const fields = 'nodes { sensorId at value change }'
  const span = 'from: "2020-01-01T00:00:00Z", first: 1000'
  const parts = Array.from({ length: 7 }, (_, sensor) => {
    return `s${sensor}: readings(sensorId: "${sensorId(sensor)}", ${span}) { ${fields} }`
  })
  const data = await query<Record<string, { readonly nodes: readonly Reading[] }>>(url, `{ ${parts.join(' ')} }`)
  return Object.values(data).flatMap(({ nodes }) => nodes)
}

function byPlace<T extends { readonly sensorId: string; readonly at: string }>(readings: readonly T[]): readonly T[] {
  const place = ({ sensorId: id, at }: T): string => `${id} ${at}`
  return readings.toSorted((left, right) => (place(left) < place(right) ? -1 : 1))
}

describe('a lane of the simulator', () => {
  test(
    'sends a batch that is refused again, after the time asked for, and keeps the order',
    { timeout: 30_000 },
    async () => {
      const taken: Reading[] = []
      let refusals = 0
      const server = await listen(async (body, answer) => {
        if (refusals < 3 && taken.length > 20) {
          refusals += 1
          return answer(refusals === 2 ? 503 : 429, '1')
        }
        taken.push(...body.trim().split('\n').map((line) => JSON.parse(line) as Reading)) // prettier-ignore
        answer(200)
      })
      const simulated = {
        seed: 1,
        sensors: 4,
        readingsPerSecond: 100,
        startMs: systemClock.now(),
        anomalyShare: 0,
      }
      const told: [status: number, seconds: number][] = []
      let acknowledged = 0
      const dispatcher = new Agent()
      const lane = new ReadingLane({
        address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        dispatcher,
        clock: systemClock,
        simulated,
        sensors: [1, 3],
        readingsEach: 20,
        stop: new AbortController().signal,
        observer: {
          acknowledged: ({ readings }) => void (acknowledged += readings),
          refused: (status, seconds) => void told.push([status, seconds]),
        },
      })
      await lane.run()
      await dispatcher.destroy()
      server.close()
      const expected = Array.from({ length: 40 }, (_, index) => {
        const {
          isAnomaly: _anomaly,
          change,
          ...reading
        } = simulatedReading(simulated, index % 2 === 0 ? 1 : 3, index >> 1)
        return change === null ? reading : { ...reading, change }
      })
      expect(taken).toEqual(expected)
      expect([acknowledged, lane.behind()]).toEqual([40, 0])
      expect(told).toEqual([
        [429, 1],
        [503, 1],
        [429, 1],
      ])
    },
  )
})

type Answer = (status: number, retryAfter?: string) => void

async function listen(take: (body: string, answer: Answer) => void | Promise<void>): Promise<Server> {
  const server = createServer((request, response) => {
    const answer: Answer = (status, retryAfter) => {
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
      response.end('{}')
    }
    void text(request).then((body) => take(body, answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
