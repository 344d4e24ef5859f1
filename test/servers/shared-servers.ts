// Set-up of the test project `servers`: one Kafka and one Cassandra for all its files, in a directory that goes with them. Tests ask this
// process for them over HTTP (test-servers.ts), so a run of a few files starts only what these use. Nothing outlives the run.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startCassandra } from '../../services/cassandra-server.ts'
import { findJava } from '../../services/java-tools.ts'
import { startKafka } from '../../services/kafka-server.ts'
import { serverJars } from '../../services/server-jars.ts'
import type { RunningServer } from '../../services/server-options.ts'
import { testServerOptions, TEST_KAFKA_SETTINGS } from './test-server-options.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where tests ask for the servers of the run. */
    readonly sharedServersUrl: string
  }
}

/** A value that is made when it is first asked for. */
function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined
  return () => (made ??= make())
}

let hasServers = false
/** Made with the first server. */
const directory = lazily(() => {
  hasServers = true
  return mkdtemp(join(tmpdir(), 'meshgate-servers-'))
})
const running: RunningServer[] = []

const keep = async (server: Promise<RunningServer>): Promise<string> => {
  running.push(await server)
  return (await server).address
}

/** What tests may ask for, by path; a failure is the text of the answer. */
const answers: Readonly<Record<string, () => Promise<string>>> = {
  '/jars': lazily(async () => {
    await findJava(process.env)
    await Promise.all([serverJars('kafka', process.env), serverJars('cassandra', process.env)])
    return 'here'
  }),
  '/kafka': lazily(async () => {
    const options = testServerOptions(await directory(), 'kafka')
    return await keep(startKafka({ ...options, settings: TEST_KAFKA_SETTINGS }))
  }),
  '/cassandra': lazily(async () => {
    const options = testServerOptions(await directory(), 'cassandra')
    // Nobody stops it before the end of the run.
    return await keep(startCassandra({ ...options, losesSchema: true }))
  }),
}

const asked = createServer((request, response) => {
  void answer(request.url ?? '', response)
})

async function answer(path: string, response: ServerResponse): Promise<void> {
  try {
    response.end((await answers[path]?.()) ?? '')
  } catch (error) {
    response.statusCode = 503
    response.end(error instanceof Error ? error.message : String(error))
  }
}

export async function setup(project: TestProject): Promise<void> {
  asked.listen(0, '127.0.0.1')
  await once(asked, 'listening')
  asked.unref()
  const { port } = asked.address() as AddressInfo
  project.provide('sharedServersUrl', `http://127.0.0.1:${String(port)}`)
  // Whoever runs everything needs both, and the other tests do not wait for them.
  const isWholeRun = process.argv.slice(2).every((argument) => argument === 'run' || argument.startsWith('-'))
  if (isWholeRun) for (const start of Object.values(answers)) start().catch(() => undefined)
}

export async function teardown(): Promise<void> {
  asked.close()
  // Their data go too: there is nothing to stop cleanly for.
  await Promise.all(running.map((server) => server.kill()))
  if (hasServers) await rm(await directory(), { recursive: true, force: true, maxRetries: 10 })
}
