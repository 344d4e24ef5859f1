// `npm run services` as a process: what it starts, finds and stops.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pickPort } from '../../services/free-port.ts'
import { findServer } from '../../services/start-server.ts'
import { describeServers } from './test-servers.ts'

const MAIN = fileURLToPath(new URL('../../services/main.ts', import.meta.url))
const STOP_WHEN_GONE = fileURLToPath(new URL('./stop-when-gone.ts', import.meta.url))

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function services(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout, stderr }
}

describeServers('npm run services', () => {
  let directory = ''
  let stopper: ChildProcess
  let ports: readonly [number, number]
  let args: readonly string[] = []
  let first: Outcome

  const pids = async (): Promise<(number | undefined)[]> => {
    const found = await Promise.all(['kafka', 'cassandra'].map((name) => findServer(join(directory, name))))
    return found.map((server) => server?.pid)
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'meshgate-services-'))
    stopper = spawn(process.execPath, [STOP_WHEN_GONE, directory], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    ports = [await pickPort('127.0.0.1'), await pickPort('127.0.0.1')]
    const [kafka, cassandra] = ports.map(String) as [string, string]
    args = ['--kafka-port', kafka, '--cassandra-port', cassandra, '--heap', '512', '--directory', directory]
    first = await services(args)
  })

  afterAll(async () => {
    const ended = once(stopper, 'exit')
    stopper.disconnect()
    await ended
  })

  test('prints the settings that make Meshgate use them', () => {
    expect(first).toMatchObject({
      code: 0,
      stdout: `export MESHGATE_KAFKA_BROKERS=127.0.0.1:${String(ports[0])}\nexport MESHGATE_CASSANDRA_CONTACT_POINTS=127.0.0.1:${String(ports[1])}\n`,
    })
  })

  test('a second start uses the first', async () => {
    const before = await pids()
    expect(await services(args)).toMatchObject({ code: 0, stdout: first.stdout })
    expect(await pids()).toEqual(before)
    expect(before).toEqual([expect.any(Number), expect.any(Number)])
  })

  test('needs neither java nor mvn to find what runs', async () => {
    expect(await services(args, { PATH: '' })).toMatchObject({ code: 0, stdout: first.stdout })
  })

  test('after a crash of one, starts that one, even where its process id is now another process', async () => {
    const [kafka, cassandra] = await pids()
    await (await findServer(join(directory, 'kafka')))?.kill()
    const recordFile = join(directory, 'kafka', 'server.json')
    const record = JSON.parse(await readFile(recordFile, 'utf8')) as object
    // This very process, which is alive.
    await writeFile(recordFile, JSON.stringify({ ...record, pid: process.pid }))

    expect(await services(['status', '--directory', directory])).toMatchObject({ code: 1 })
    expect(await services(args)).toMatchObject({ code: 0, stdout: first.stdout })

    const now = await pids()
    expect(now).toEqual([expect.any(Number), cassandra])
    expect([kafka, process.pid]).not.toContain(now[0])
  })

  test('stop ends exactly what start began, and says so', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    try {
      expect(await services(['stop', '--directory', directory])).toEqual({
        code: 0,
        stdout: '',
        stderr: expect.stringMatching(
          /^(Kafka stopped\.\nCassandra stopped\.|Cassandra stopped\.\nKafka stopped\.)\n$/,
        ),
      })
      expect(await pids()).toEqual([undefined, undefined])
      expect(bystander.exitCode).toBe(null)
      expect(await services(['stop', '--directory', directory])).toMatchObject({
        code: 0,
        stderr: 'Kafka was not running.\nCassandra was not running.\n',
      })
    } finally {
      bystander.kill()
    }
  })

  test('a port that somebody else has is an error that names the option', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const taken = String((holder.address() as AddressInfo).port)
    const other = join(directory, 'other')
    try {
      const outcome = await services(['--kafka-port', taken, '--cassandra-port', taken, '--directory', other])
      expect(outcome).toMatchObject({ code: 1, stdout: '' })
      expect(outcome.stderr).toContain(
        `Port ${taken} of 127.0.0.1, where Kafka is to listen, is taken by another process. End it or give another port. The option is --kafka-port.\n`,
      )
      expect(outcome.stderr).toContain('The option is --cassandra-port.\n')
    } finally {
      holder.close()
    }
  })
})

test('a missing java is one line that says what to install', async () => {
  const outcome = await startNothing({ PATH: '' })
  const line =
    'Kafka and Cassandra need Java 17, but java is not in PATH. Install Java 17 (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME to one.'
  expect(outcome).toMatchObject({ code: 1, stdout: '' })
  expect(outcome.stderr.split('\n').filter((text) => text === line)).toHaveLength(2)
})

test('a java that is too old is one line that says so', async () => {
  const home = await mkdtemp(join(tmpdir(), 'meshgate-old-java-'))
  const java = join(home, 'bin', 'java')
  await mkdir(dirname(java))
  await writeFile(java, `#!/bin/sh\necho 'openjdk version "11.0.2" 2019-01-15' >&2\n`, { mode: 0o755 })
  const outcome = await startNothing({ PATH: '/usr/bin:/bin', JAVA_HOME: home })
  await rm(home, { recursive: true, force: true })
  expect(outcome).toMatchObject({ code: 1, stdout: '' })
  expect(outcome.stderr).toContain(`Kafka and Cassandra need Java 17, but ${java} is Java 11. Install Java 17`)
})

async function startNothing(environment: NodeJS.ProcessEnv): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-services-'))
  const ports = [
    '--kafka-port',
    String(await pickPort('127.0.0.1')),
    '--cassandra-port',
    String(await pickPort('127.0.0.1')),
  ]
  try {
    return await services([...ports, '--directory', directory], environment)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
