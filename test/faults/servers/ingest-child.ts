// A process that ingests the products of a run, to be killed, stopped and ended by the one that forked it, and gone with it. Tells when it has
// started, and every failure that it logs.
import { pino } from 'pino'
import { startIngest, type IngestLogger } from '../../../ingest/main.ts'
import { openCassandraStore } from '../../../platform/adapters/cassandra/cassandra-store.ts'
import { openKafkaLog } from '../../../platform/adapters/kafka/kafka-log.ts'
import { retryWhileAway } from '../../../platform/await-server.ts'
import { systemClock } from '../../../platform/system-clock.ts'
import { serverDerived, serverProducts } from './server-products.ts'

export interface IngestPlan {
  readonly unique: string
  readonly seed: number
  readonly names: readonly string[]
  readonly kafka: string
  readonly cassandra: string
  readonly keyspace: string
}

export type IngestMessage = { readonly started: true } | { readonly failure: string }

const plan = JSON.parse(process.argv[2] ?? '{}') as IngestPlan
const stopping = new AbortController()
const parts = new AsyncDisposableStack()
process.once('SIGTERM', () => stopping.abort(new Error('stopped')))
process.once('disconnect', () => process.exit(1))

const tell = (message: IngestMessage): void => {
  if (process.connected) process.send?.(message)
}

const logger: IngestLogger = {
  info: () => undefined,
  warn: (details, message) => tell({ failure: `${message} ${JSON.stringify(details, errorText)}` }),
  error: (details, message) => tell({ failure: `${message} ${JSON.stringify(details, errorText)}` }),
}

function errorText(_name: string, value: unknown): unknown {
  return value instanceof Error ? `${'code' in value ? String(value.code) : ''} ${value.message}` : value
}

async function run(): Promise<void> {
  const silent = pino({ level: 'silent' })
  const clock = systemClock
  const patience = { clock, signal: stopping.signal, onFailure: () => undefined }
  const log = await retryWhileAway(
    () => openKafkaLog({ brokers: [plan.kafka], clock, logger: silent, replication: 1 }),
    patience,
  )
  parts.defer(() => log.close())
  const { keyspace } = plan
  const store = await retryWhileAway(
    () => openCassandraStore({ contactPoints: [plan.cassandra], keyspace, replication: 1, clock, logger: silent }),
    patience,
  )
  parts.defer(() => store.close())
  const own = serverProducts(plan.unique, plan.names)
  const { told, functions } = serverDerived(plan.unique, plan.seed, own)
  const products = [...own, told].map(({ product }) => product)
  const ingest = await retryWhileAway(
    () => startIngest({ products, functions, log, store, clock, logger, sweep: false }),
    patience,
  )
  parts.defer(() => ingest.close())
  tell({ started: true })
  const stopped = Promise.withResolvers<void>()
  stopping.signal.addEventListener('abort', () => stopped.resolve(), { once: true })
  if (!stopping.signal.aborted) await stopped.promise
}

await run().catch((error: unknown) => {
  if (!stopping.signal.aborted) tell({ failure: `could not start: ${String(error)}` })
})
await parts.disposeAsync().catch((error: unknown) => tell({ failure: `could not close: ${String(error)}` }))
process.disconnect()
