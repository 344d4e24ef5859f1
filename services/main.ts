// `npm run services`: starts, stops and finds the real Kafka and Cassandra of a checkout. What a shell may evaluate goes to the output, what
// a person reads to the error output.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MeshgateError } from '../platform/errors.ts'
import { startCassandra } from './cassandra-server.ts'
import { startKafka } from './kafka-server.ts'
import type { RunningServer, ServerOptions } from './server-options.ts'
import { findServer } from './start-server.ts'

const USAGE = `Usage: npm run services [start|stop|status] [-- options]

  start    starts Kafka and Cassandra, or finds them running, and prints the settings that make Meshgate use them
  stop     ends what start began, cleanly; their data stay
  status   says what runs; ends with 1 unless both do

  --kafka-port N       port of Kafka's clients (9092)
  --cassandra-port N   port of Cassandra's clients (9042)
  --heap N             megabytes of heap for each (Kafka 384, Cassandra 768)
  --directory PATH     data, configuration and logs (.meshgate/services)
`

interface Service {
  readonly title: string
  readonly directory: string
  readonly portOption: string
  readonly port: number
  /** The setting of Meshgate that takes its address. */
  readonly variable: string
  readonly start: (options: ServerOptions) => Promise<RunningServer>
}

const DEFAULT_DIRECTORY = fileURLToPath(new URL('../.meshgate/services', import.meta.url))
const PORT_MAX = 65_535
const HEAP_MEGABYTES_MAX = 1_048_576

const tell = (text: string): void => void process.stderr.write(`${text}\n`)

process.exitCode = await run().catch((error: unknown) => {
  if (!(error instanceof MeshgateError) && !isArgumentError(error)) throw error
  tell(error.message)
  return 1
})

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'kafka-port': { type: 'string', default: '9092' },
      'cassandra-port': { type: 'string', default: '9042' },
      heap: { type: 'string' },
      directory: { type: 'string', default: DEFAULT_DIRECTORY },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const services: Service[] = [
    {
      title: 'Kafka',
      directory: join(values.directory, 'kafka'),
      portOption: '--kafka-port',
      port: wholeNumber('--kafka-port', values['kafka-port'], PORT_MAX),
      variable: 'MESHGATE_KAFKA_BROKERS',
      start: startKafka,
    },
    {
      title: 'Cassandra',
      directory: join(values.directory, 'cassandra'),
      portOption: '--cassandra-port',
      port: wholeNumber('--cassandra-port', values['cassandra-port'], PORT_MAX),
      variable: 'MESHGATE_CASSANDRA_CONTACT_POINTS',
      start: startCassandra,
    },
  ]
  const heap =
    values.heap === undefined ? {} : { heapMegabytes: wholeNumber('--heap', values.heap, HEAP_MEGABYTES_MAX) }
  const [command = 'start', ...more] = positionals
  if (values.help || more.length > 0) return explain(values.help)
  const where = values.directory === DEFAULT_DIRECTORY ? '' : ` -- --directory ${values.directory}`
  if (command === 'start') return await start(services, { heap, stopCommand: `npm run services stop${where}` })
  if (command === 'stop') return await stop(services)
  return command === 'status' ? await status(services) : explain(false)
}

interface StartContext {
  readonly heap: Pick<ServerOptions, 'heapMegabytes'>
  readonly stopCommand: string
}

async function start(services: readonly Service[], { heap, stopCommand }: StartContext): Promise<number> {
  const found = await Promise.all(services.map(({ directory }) => findServer(directory)))
  if (found.includes(undefined)) tell('Starting Kafka and Cassandra; the first time Maven gets their jars (120 MB) ...')
  // Each on its own: one that fails leaves the other running, and the next start goes on from there.
  const starts = await Promise.allSettled(services.map((service) => startOne(service, heap)))
  const failures = starts.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  for (const failure of failures) {
    if (!(failure instanceof MeshgateError)) throw failure
    tell(failure.message)
  }
  const lines = starts.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  for (const { setting } of lines) process.stdout.write(`export ${setting}\n`)
  if (lines.length > 0) tell(`They run until you stop them: ${stopCommand}`)
  return failures.length === 0 ? 0 : 1
}

async function startOne(service: Service, heap: Pick<ServerOptions, 'heapMegabytes'>): Promise<{ setting: string }> {
  const { title, directory, port, portOption, variable } = service
  const before = await findServer(directory)
  const options: ServerOptions = { directory, port, lifetime: 'detached', ...heap }
  const server = await service.start(options).catch((error: unknown) => {
    if (!(error instanceof MeshgateError) || error.code !== 'PORT_IN_USE') throw error
    throw new MeshgateError(error.code, `${error.message} The option is ${portOption}.`, error)
  })
  const how = before?.pid === server.pid ? 'was running already' : 'started'
  tell(`${title} ${how}: ${describe(server)}, in ${directory}`)
  return { setting: `${variable}=${server.address}` }
}

async function stop(services: readonly Service[]): Promise<number> {
  await Promise.all(
    services.map(async ({ title, directory }) => {
      const server = await findServer(directory)
      await server?.stop()
      tell(server === undefined ? `${title} was not running.` : `${title} stopped.`)
    }),
  )
  return 0
}

async function status(services: readonly Service[]): Promise<number> {
  let missing = 0
  for (const { title, directory } of services) {
    const server = await findServer(directory)
    if (server === undefined) missing += 1
    tell(server === undefined ? `${title}: not running` : `${title}: ${describe(server)}`)
  }
  return missing === 0 ? 0 : 1
}

function describe({ address, pid }: RunningServer): string {
  return `${address} (process ${String(pid)})`
}

function explain(asked: boolean): number {
  tell(USAGE)
  return asked ? 0 : 1
}

function wholeNumber(option: string, text: string, max: number): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0 && number <= max) return number
  throw new MeshgateError('CONFIG_INVALID', `${option} is "${text}"; give a whole number from 1 to ${String(max)}.`)
}

function isArgumentError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}
