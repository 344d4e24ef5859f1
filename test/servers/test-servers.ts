// Real servers for tests: `describeServers` in place of `describe`, then the shared ones by address, or one's own to kill and stop.
// Without Java, Maven or their network the tests are skipped and say why; on CI (env CI) they fail with that.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, inject } from 'vitest'
import { startCassandra, type CassandraOptions } from '../../services/cassandra-server.ts'
import { startKafka, type KafkaOptions } from '../../services/kafka-server.ts'
import type { RunningServer, ServerOptions } from '../../services/server-options.ts'
import { testServerOptions, TEST_KAFKA_SETTINGS } from './test-server-options.ts'

/** A server that its test file may kill, stop and start again, on one directory and address; removed after the file. */
export interface OwnServer {
  readonly address: string
  /** That of the process that runs, or ran last. */
  readonly pid: number
  /** After a stop or kill. */
  start(): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
}

const sharedServersUrl = inject('sharedServersUrl') as string | undefined
if (sharedServersUrl === undefined) throw new Error('Add this file to the project "servers" in vitest.config.ts.')

const unavailable = await whyUnavailable()
if (unavailable !== undefined) process.stderr.write(`Tests on real servers are skipped: ${unavailable}\n`)

export const describeServers = describe.skipIf(unavailable !== undefined)

/** host:port of the run's Kafka, started when first asked for. Topics are the test's own by their names. */
export function kafkaAddress(): Promise<string> {
  return ask('/kafka')
}

/** host:port of the run's Cassandra. Keyspaces are the test's own by their names. */
export function cassandraAddress(): Promise<string> {
  return ask('/cassandra')
}

export function startOwnKafka(options: Partial<KafkaOptions> = {}): Promise<OwnServer> {
  const settings = { ...TEST_KAFKA_SETTINGS, ...options.settings }
  return startOwn((common) => startKafka({ ...common, ...options, settings }))
}

export function startOwnCassandra(options: Partial<CassandraOptions> = {}): Promise<OwnServer> {
  return startOwn((common) => startCassandra({ ...common, ...options }))
}

interface Owned {
  readonly directory: string
  server: RunningServer | undefined
}

const owned: Owned[] = []

afterAll(async () => {
  for (const { directory, server } of owned.splice(0)) {
    await server?.kill()
    await rm(directory, { recursive: true, force: true, maxRetries: 10 })
  }
}, 60_000)

async function startOwn(launch: (options: ServerOptions) => Promise<RunningServer>): Promise<OwnServer> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-own-server-'))
  const options = testServerOptions(directory, 'server')
  const own: Owned = { directory, server: undefined }
  owned.push(own)
  let server = (own.server = await launch(options))
  return {
    get address() {
      return server.address
    },
    get pid() {
      return server.pid
    },
    start: async () => {
      server = own.server = await launch(options)
    },
    stop: () => server.stop(),
    kill: () => server.kill(),
  }
}

async function whyUnavailable(): Promise<string | undefined> {
  if ((process.env['CI'] ?? '') !== '') return undefined
  return await ask('/jars').then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
}

async function ask(path: string): Promise<string> {
  const response = await fetch(`${String(sharedServersUrl)}${path}`)
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
}
