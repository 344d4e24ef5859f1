// Readings of many sensors at a steady rate: `meshgate simulate` posts them to `meshgate dev`, a subscription is open, and (in the second
// part) the minutes of every sensor are made of them meanwhile. This process only watches: it posts a probe's reading now and then, and
// takes the time until its event has come.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readLock } from '../../platform/data-directory.ts'
import { invariant } from '../../platform/errors.ts'
import { readUsage } from '../gateway/wire/process-usage.ts'
import type { BenchPart, RoundOptions } from '../ingest/part.ts'
import { quantile } from '../measure.ts'
import { startMeshgate } from '../processes/meshgate-process.ts'
import { incompleteSensors } from './incomplete-sensors.ts'
import { startProbe } from './probe.ts'

const RATE = 20_000
const SENSORS = 1_000
const SECONDS = 60
const WATCH_EVERY_MS = 1_000
/** How long is waited for what derived products still have to do. */
const PATIENCE_MS = 300_000
const MEGABYTE = 1_048_576

const command = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

const ABOUT = `${RATE.toLocaleString('en-US')} readings a second of ${SENSORS.toLocaleString('en-US')} sensors for ${SECONDS} s, posted by \`meshgate simulate\` to \`meshgate dev\`, a subscription open. Append to subscriber: from posting a probe's reading to its event. CPU: cores of each process while readings came, and of the mesh for each reading until nothing was left to do.`

export const readingsAlone: BenchPart = {
  name: 'readings',
  about: ABOUT,
  aims: [
    { figure: 'readingsPerSecond', atLeast: RATE * 0.99 },
    { figure: 'lagAtEnd', atMost: RATE },
  ],
  servers: false,
  round: (options) => measured(['telemetry/readings'], options),
}

export const readingsWithMinutes: BenchPart = {
  ...readingsAlone,
  name: 'readings with minutes',
  about: `${ABOUT} Minutes of every sensor are made meanwhile; they are complete when they count every reading.`,
  round: (options) => measured(['telemetry/readings', 'telemetry/minutes'], options),
}

type Figures = Readonly<Record<string, number>>

async function measured(products: readonly string[], { scale }: RoundOptions): Promise<Figures> {
  await using parts = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-telemetry-'))
  parts.defer(() => rm(directory, { recursive: true, force: true }))
  const environment = { LOG_LEVEL: 'warn', MESHGATE_DATA_DIR: directory }
  const mesh = await startMeshgate({ args: ['dev', '--no-sample', ...products], environment })
  parts.defer(async () => void (await mesh.stop()))
  await mesh.ready()
  const holder = await readLock(directory)
  invariant(holder !== null, 'the mesh holds its data directory')

  const probe = await startProbe(mesh.url)
  parts.defer(() => probe.end().then(() => undefined))
  const seconds = Math.max(5, Math.round(SECONDS * scale))
  const simulator = simulate(mesh.url, seconds)
  const cpuBefore = readUsage(holder.pid).cpuSeconds
  const watch = await watchUntilEnd(mesh.url, holder.pid, simulator.process)
  const endedMs = performance.now()
  const meshUsage = readUsage(holder.pid)
  const summary = await simulator.printed
  const [, readings = '0', took = '0'] = /^([\d,]+) readings acknowledged in ([\d.]+) s/.exec(summary) ?? []
  const acknowledged = Number(readings.replaceAll(',', ''))
  invariant(acknowledged === seconds * RATE, `the simulator sent what it was to send: ${summary}`)
  const lagAtEnd = await lagOf(mesh.url)
  // While it posts there is always something left to do.
  const latencies = await probe.end()
  const figures = {
    readingsPerSecond: acknowledged / Number(took),
    lagMost: watch.lagMost,
    lagAtEnd,
    ingestedAfterSeconds: await secondsUntil(endedMs, async () => (await lagOf(mesh.url)) === 0),
  }
  const complete = products.includes('telemetry/minutes')
    ? {
        minutesCompleteAfterSeconds: await secondsUntil(endedMs, async () => {
          const each = (seconds * RATE) / SENSORS
          return (await incompleteSensors(mesh.url, SENSORS, each)) === 0
        }),
      }
    : {}
  const wholeCpuSeconds = readUsage(holder.pid).cpuSeconds - cpuBefore
  return {
    ...figures,
    ...complete,
    events: latencies.length,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    meshCores: (meshUsage.cpuSeconds - cpuBefore) / Number(took),
    cpuUsPerReading: (wholeCpuSeconds * 1_000_000) / acknowledged,
    simulatorCores: watch.simulatorCpuSeconds / Number(took),
    rssMegabytesMax: watch.rssBytesMost / MEGABYTE,
  }
}

interface Simulator {
  readonly process: ChildProcess
  readonly printed: Promise<string>
}

function simulate(url: string, seconds: number): Simulator {
  const size = ['--sensors', SENSORS, '--rate', RATE, '--seconds', seconds].map(String)
  const child = spawn(process.execPath, [command, 'simulate', '--url', url, ...size], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { process: child, printed: text(child.stdout) }
}

interface Watched {
  readonly lagMost: number
  readonly rssBytesMost: number
  readonly simulatorCpuSeconds: number
}

async function watchUntilEnd(url: string, holderPid: number, simulator: ChildProcess): Promise<Watched> {
  const watched = { lagMost: 0, rssBytesMost: 0, simulatorCpuSeconds: 0 }
  const ended = once(simulator, 'exit')
  while (simulator.exitCode === null) {
    // Of an ended process nothing can be read.
    const simulatorCpuSeconds = readUsage(simulator.pid ?? 0).cpuSeconds
    watched.simulatorCpuSeconds = Math.max(watched.simulatorCpuSeconds, simulatorCpuSeconds)
    watched.rssBytesMost = Math.max(watched.rssBytesMost, readUsage(holderPid).rssBytes)
    watched.lagMost = Math.max(watched.lagMost, await lagOf(url))
    await Promise.race([ended, sleep(WATCH_EVERY_MS)])
  }
  return watched
}

/** Records of all products that wait for ingest. */
async function lagOf(url: string): Promise<number> {
  const response = await fetch(`${url}/ingest`)
  const { lag } = (await response.json()) as { readonly lag: Readonly<Record<string, number>> }
  return Object.values(lag).reduce((sum, one) => sum + one, 0)
}

async function secondsUntil(sinceMs: number, holds: () => Promise<boolean>): Promise<number> {
  while (!(await holds())) {
    invariant(performance.now() - sinceMs < PATIENCE_MS, 'what waits is done in time')
    await sleep(100)
  }
  return (performance.now() - sinceMs) / 1_000
}
