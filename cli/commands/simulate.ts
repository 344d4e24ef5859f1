// `meshgate simulate`: sensors that do not exist measure, and what they measure is posted to a mesh that runs.
import { createWriteStream, type WriteStream } from 'node:fs'
import { once } from 'node:events'
import { Command, InvalidArgumentError, Option } from 'commander'
import { Agent, request, type Dispatcher } from 'undici'
import { readConfig } from '../../platform/config.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { systemClock } from '../../platform/system-clock.ts'
import {
  isAnomaly,
  simulatedReading,
  simulatedSensor,
  type SimulatedSensors,
} from '../../samples/simulator/simulated-sensors.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples } from '../command-help.ts'
import { ReadingLane } from '../simulate/reading-lane.ts'
import { SimulationReport } from '../simulate/simulation-report.ts'
import { urlHost } from '../url-host.ts'

interface Options {
  readonly url?: string
  readonly sensors: number
  readonly rate: number
  readonly seconds?: number
  readonly seed: number
  readonly anomalies: number
  readonly anomaliesOut?: string
  readonly connections: number
}

const READINGS_TOPIC = 'telemetry.readings'
const SENSORS_TOPIC = 'telemetry.sensors'

const MORE_HELP = `
The sensors sim-1, sim-2, … and their readings go to the topics of telemetry/readings through POST /topics. A mesh that has no
room (429, 503) is asked again when it says; readings wait meanwhile and are sent as fast as it takes them. The readings of a
sensor stay in order: it has one connection, and a batch on its way at a time.

Some readings are far off (--anomalies, the share of them); which ones follows from --seed alone. With --anomalies-out they
are written to a file, one JSON object per line, so that what the mesh finds (anomalies) can be compared with it.`

export function simulateCommand(run: RunCommand): Command {
  return new Command('simulate')
    .description('simulate sensors: post readings to a running mesh, up to 20,000 a second and more')
    .option('--url <URL>', 'where records are taken (default: this machine, on the setting PORT)')
    .addOption(numberOption('-n, --sensors <N>', 'how many sensors', { default: 100, least: 1, most: 100_000 }))
    .addOption(
      numberOption('-r, --rate <N>', 'readings a second, of all together', { default: 1_000, least: 1, most: 200_000 }),
    )
    .addOption(numberOption('-s, --seconds <N>', 'end after so many (default: Ctrl-C)', { least: 1, most: 31_536_000 }))
    .addOption(numberOption('--seed <N>', 'another seed, other readings', { default: 1, least: 0, most: 2 ** 31 - 1 }))
    .addOption(
      new Option('--anomalies <SHARE>', 'share of readings that are far off').default(0.0005).argParser(parseShare),
    )
    .option('--anomalies-out <FILE>', 'write the readings that are far off to a file (with --seconds)')
    .addOption(numberOption('--connections <N>', 'connections to post over', { default: 4, least: 1, most: 64 }))
    .addHelpText(
      'after',
      examples([
        ['meshgate simulate', '1,000 readings a second to the mesh of `meshgate dev`'],
        ['meshgate simulate --sensors 1000 --rate 20000 --seconds 60', 'a minute of a busy plant'],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((options: Options) => run((context) => simulate(options, context)))
}

interface Range {
  readonly default?: number
  readonly least: number
  readonly most: number
}

function numberOption(flags: string, description: string, range: Range): Option {
  const { least, most } = range
  const option = new Option(flags, description).argParser((text: string): number => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`Write a number from ${least} to ${most}.`)
  })
  return range.default === undefined ? option : option.default(range.default)
}

function parseShare(text: string): number {
  const share = /^(?:0|1|0?\.\d{1,9}|1\.0+)$/.test(text) ? Number(text) : Number.NaN
  if (share >= 0 && share <= 1) return share
  throw new InvalidArgumentError('Write a share from 0 to 1, e.g. 0.001.')
}

async function simulate(options: Options, context: CommandContext): Promise<ExitCode> {
  const { terminal, stop } = context
  if (options.rate > options.sensors * 1_000) {
    terminal.report('A sensor measures at most every millisecond: write more --sensors, or a lower --rate.\n')
    return EXIT.usage
  }
  if (options.anomaliesOut !== undefined && options.seconds === undefined) {
    terminal.report('Write --seconds with --anomalies-out: without an end the file would have none.\n')
    return EXIT.usage
  }
  const config = readConfig(context.environment, undefined, context.settingsFile)
  const base = (options.url ?? `http://${urlHost(config.host)}:${config.port}`).replace(/\/+$/, '')
  const simulated: SimulatedSensors = {
    seed: options.seed,
    sensors: options.sensors,
    readingsPerSecond: options.rate,
    startMs: systemClock.now(),
    anomalyShare: options.anomalies,
  }
  const dispatcher = new Agent({ connections: options.connections })
  try {
    await postSensors(`${base}/topics/${SENSORS_TOPIC}`, simulated, dispatcher)
    const readingsEach = readingsOfEach(simulated, options.seconds)
    if (options.anomaliesOut !== undefined) await writeAnomalies(options.anomaliesOut, simulated, readingsEach)
    await run({ base, simulated, readingsEach, dispatcher, connections: options.connections }, context)
  } finally {
    await dispatcher.destroy()
  }
  return stop.aborted && options.seconds !== undefined ? EXIT.failure : EXIT.ok
}

function readingsOfEach({ sensors, readingsPerSecond }: SimulatedSensors, seconds: number | undefined): number {
  return seconds === undefined ? Number.MAX_SAFE_INTEGER / sensors : Math.ceil((seconds * readingsPerSecond) / sensors)
}

async function postSensors(address: string, simulated: SimulatedSensors, dispatcher: Dispatcher): Promise<void> {
  for (let from = 0; from < simulated.sensors; from += limits.sendBatchRecordsMax) {
    const end = Math.min(simulated.sensors, from + limits.sendBatchRecordsMax)
    const lines: string[] = []
    for (let sensor = from; sensor < end; sensor += 1) lines.push(JSON.stringify(simulatedSensor(simulated, sensor)))
    const headers = { 'content-type': 'application/x-ndjson' }
    const response = await request(address, { method: 'POST', dispatcher, headers, body: lines.join('\n') }).catch(
      (error: unknown) => {
        throw new MeshgateError(
          'LOAD_REFUSED',
          `${address} does not answer. Start the mesh, or name it by --url.`,
          error,
        )
      },
    )
    const text = await response.body.text()
    if (response.statusCode !== 200)
      throw new MeshgateError('LOAD_REFUSED', `${address} answered ${response.statusCode}: ${text.trim()}`)
  }
}

interface Run {
  readonly base: string
  readonly simulated: SimulatedSensors
  readonly readingsEach: number
  readonly dispatcher: Dispatcher
  readonly connections: number
}

async function run({ base, simulated, readingsEach, dispatcher, connections }: Run, context: CommandContext) {
  const { terminal, stop } = context
  const report = new SimulationReport()
  const ended = new AbortController()
  const lanes = Array.from({ length: Math.min(connections, simulated.sensors) }, (_, lane) => {
    const sensors: number[] = []
    for (let sensor = lane; sensor < simulated.sensors; sensor += connections) sensors.push(sensor)
    const address = `${base}/topics/${READINGS_TOPIC}`
    const signal = AbortSignal.any([stop, ended.signal])
    const where = { address, dispatcher, clock: systemClock, stop: signal, observer: report }
    return new ReadingLane({ ...where, simulated, sensors, readingsEach })
  })
  const startedMs = systemClock.monotonic()
  const elapsedMs = (): number => systemClock.monotonic() - startedMs
  const telling = setInterval(() => {
    const behind = lanes.reduce((sum, lane) => sum + lane.behind(), 0)
    terminal.report(report.line(elapsedMs(), behind))
  }, 1_000)
  try {
    await Promise.all(lanes.map((lane) => lane.run()))
  } finally {
    clearInterval(telling)
    // Where one lane has failed, the others end with it.
    ended.abort()
  }
  terminal.print(report.summary(elapsedMs()))
}

async function writeAnomalies(file: string, simulated: SimulatedSensors, readingsEach: number): Promise<void> {
  const out = createWriteStream(file)
  try {
    for (let number = 0; number < readingsEach; number += 1) {
      for (let sensor = 0; sensor < simulated.sensors; sensor += 1) {
        if (!isAnomaly(simulated, sensor, number)) continue
        const { sensorId, at, value } = simulatedReading(simulated, sensor, number)
        await write(out, `${JSON.stringify({ sensorId, at, value })}\n`)
      }
    }
  } finally {
    out.end()
    await once(out, 'close')
  }
}

async function write(out: WriteStream, line: string): Promise<void> {
  if (!out.write(line)) await once(out, 'drain')
}
