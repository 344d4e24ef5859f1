// What following an operation costs the gateway: the engine over seven subgraphs that answer at once in this process, with the request log and
// traces by turns. Processor time of this process per operation, all its threads, the least and the median of the windows. Arguments: rounds, and
// operations of each window. Lines are written to /dev/null, spans go to a collector in another process.
import { fork } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'
import { createEngine } from '../../gateway/engine.ts'
import { isReady, type Engine } from '../../gateway/engine-contract.ts'
import { observeOperations } from '../../gateway/observe/observe-operations.ts'
import { createRequestLog } from '../../gateway/observe/request-log.ts'
import type { RequestLogConfig, TracingConfig } from '../../platform/operating-config.ts'
import type { SubgraphEndpoint } from '../../platform/ports/subgraph-endpoint.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'
import { openTracer, type Tracer } from '../../platform/telemetry/tracer.ts'

const SUBGRAPHS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const QUERY = `query Seven { ${SUBGRAPHS.join(' ')} }`
const sink = createWriteStream('/dev/null')
const logger = createLogger({ level: 'info', readable: false, write: (line) => void sink.write(line) })

function endpointOf(name: string): SubgraphEndpoint {
  const bytes = Buffer.from(`{"data":{"${name}":"${name.repeat(20)}"}}`)
  return {
    name,
    execute: () => Promise.reject(new Error('asked by exchange')),
    exchange: () => Promise.resolve({ bytes, isWhole: false }),
    subscribe: () => Promise.reject(new Error('not subscribed to')),
    close: () => Promise.resolve(),
  }
}

function engineWith(lines: RequestLogConfig['lines'], tracer: Tracer | null): Engine {
  const composition = composeSupergraph(SUBGRAPHS.map((name) => ({ name, sdl: `type Query { ${name}: String }` })))
  if (composition.kind === 'failed') throw new Error('the subgraphs do not compose')
  const config: RequestLogConfig = { lines, slowMs: 60_000, sample: 1, principal: 'hashed' }
  const log = createRequestLog({ config, logger, key: new Uint8Array(32) })
  return createEngine({
    supergraphSdl: composition.supergraphSdl,
    endpoints: SUBGRAPHS.map(endpointOf),
    observer: { request: () => undefined, ...observeOperations({ log, tracer }) },
  })
}

async function tracerWith(endpoint: string, samplerRatio: number): Promise<Tracer | null> {
  const config: TracingConfig = {
    endpoint,
    headers: {},
    serviceName: 'bench',
    resourceAttributes: {},
    sampler: 'traceidratio',
    samplerRatio,
    eventRatio: 0,
  }
  return openTracer(config, { clock: systemClock, logger })
}

/** Microseconds of processor time per operation. */
async function measure(engine: Engine, operations: number): Promise<number> {
  const before = process.cpuUsage()
  for (let done = 0; done < operations; done++) {
    const request = { query: QUERY }
    const operation = await engine.prepare(request)
    if (!isReady(operation)) throw new Error(JSON.stringify(operation))
    await engine.runSerialized(operation, request)
    // As much as a server does between requests: what waits for the loop gets its turn.
    if (done % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / operations
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

async function compare(rounds: number, operations: number, endpoint: string): Promise<void> {
  const engines: Record<string, Engine> = {
    'nothing but metrics': engineWith('off', null),
    'log: slow': engineWith('slow', null),
    'log: all': engineWith('all', null),
    'traces: 5 % of them': engineWith('off', await tracerWith(endpoint, 0.05)),
    'traces: all': engineWith('off', await tracerWith(endpoint, 1)),
  }
  const figures = new Map(Object.keys(engines).map((name) => [name, [] as number[]]))
  for (const engine of Object.values(engines)) await measure(engine, operations)
  for (let round = 0; round < rounds; round++) {
    for (const [name, engine] of Object.entries(engines)) figures.get(name)?.push(await measure(engine, operations))
  }
  for (const [name, values] of figures) {
    process.stdout.write(
      `${name.padEnd(22)} ${Math.min(...values).toFixed(1)} µs, median ${median(values).toFixed(1)} µs\n`,
    )
  }
}

function collect(): void {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('disconnect', () => process.exit())
}

const [first = '7', operations = '5000'] = process.argv.slice(2)
if (first === 'collect') collect()
else {
  const collector = fork(fileURLToPath(import.meta.url), ['collect'])
  const port = await new Promise<number>((resolve) => collector.once('message', (message) => resolve(Number(message))))
  await compare(Number(first), Number(operations), `http://127.0.0.1:${port}`)
  process.exit()
}
