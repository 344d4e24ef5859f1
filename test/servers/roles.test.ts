// The roles as processes of their own on Kafka and Cassandra, the way a user starts them: several of one kind side by side, outages, and the
// errors of wrong settings.
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProcesses, type MeshgateProcess } from '../cli/meshgate-process.ts'
import { cassandraAddress, describeServers, kafkaAddress, startOwnCassandra, startOwnKafka } from './test-servers.ts'

let directory = ''
let product = ''
/** Also the domain: topics and groups are this test's own. */
let keyspace = ''
let servers = { kafka: '', cassandra: '' }
const processes = createProcesses(() => ({
  MESHGATE_KAFKA_BROKERS: servers.kafka,
  MESHGATE_CASSANDRA_CONTACT_POINTS: servers.cassandra,
  MESHGATE_CASSANDRA_KEYSPACE: keyspace,
}))
const { start, run } = processes

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-roles-'))
  keyspace = `roles${randomBytes(4).toString('hex')}`
  product = join(directory, 'parcels')
  await mkdir(product)
  const sdl = await readFile(new URL('../cli/parcels.graphql', import.meta.url), 'utf8')
  await writeFile(join(product, 'product.graphql'), sdl.replaceAll('DOMAIN', keyspace))
})

afterEach(async () => {
  await processes.killAll()
  await rm(directory, { recursive: true, force: true })
})

async function parcelsFile(name: string, from: number, to: number): Promise<string> {
  const file = join(directory, name)
  const lines = Array.from({ length: to - from }, (_, index) =>
    JSON.stringify({ id: `p${from + index}`, scannedAt: '2026-01-02T03:04:05Z', place: `place ${from + index}` }),
  )
  await writeFile(file, lines.join('\n'))
  return file
}

async function json(url: string, init?: RequestInit): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, init)
  return { status: response.status, body: await response.json() }
}

async function query(url: string, document: string): Promise<unknown> {
  const { body } = await json(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: document }),
  })
  return body
}

const startIngest = async (): Promise<{ process: MeshgateProcess; url: string }> => {
  const process = start(['ingest', product])
  return { process, url: (await process.printed(/Ingest: (\S+)\/topics/)).replace('localhost', '127.0.0.1') }
}

const writtenBy = async (url: string): Promise<number> => {
  const { body } = await json(`${url}/ingest`)
  return (body as { counts: Record<string, { written: number }> }).counts[`${keyspace}/parcels`]?.written ?? 0
}

describeServers('on the shared servers', () => {
  beforeEach(async () => {
    const [kafka, cassandra] = await Promise.all([kafkaAddress(), cassandraAddress()])
    servers = { kafka, cassandra }
  })

  test('two of each role share the work, and one that leaves is not missed', async () => {
    const [one, two] = await Promise.all([startIngest(), startIngest()])
    const subgraphs = [start(['subgraph', product]), start(['subgraph', product])]
    const [url = ''] = await Promise.all(subgraphs.map((subgraph) => subgraph.printed(/Subgraph \S+: (\S+)/)))
    const supergraph = join(directory, 'supergraph.graphql')
    expect(await run(['compose', '--out', supergraph, `parcels=${url}`])).toEqual({ code: 0, stdout: '', stderr: '' })
    const gateways = [start(['gateway', '--supergraph', supergraph]), start(['gateway', '--supergraph', supergraph])]
    const addresses = await Promise.all(gateways.map((gateway) => gateway.printed(/Gateway: (\S+)\//)))

    const file = await parcelsFile('parcels.ndjson', 0, 4_000)
    expect((await run(['load', product, file])).stdout).toBe('4,000 records: 4,000 written, 0 rejected.\n')
    expect((await run(['load', product, file])).stdout).toBe(
      'Already loaded, nothing to do. 4,000 records: 4,000 written, 0 rejected.\n',
    )
    const counts = [await writtenBy(one.url), await writtenBy(two.url)]
    expect(counts.map((count) => count > 0)).toEqual([true, true])
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4_000)
    for (const address of addresses) {
      expect(await query(address, '{ parcel(id: "p3999") { place } }')).toEqual({
        data: { parcel: { place: 'place 3999' } },
      })
    }

    expect(await one.process.stop()).toMatchObject({ code: 0 })
    const more = await parcelsFile('more.ndjson', 4_000, 5_000)
    expect((await run(['load', product, more])).stdout).toBe('1,000 records: 1,000 written, 0 rejected.\n')
    const ends = await Promise.all([two.process, ...subgraphs, ...gateways].map((process) => process.stop()))
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    // Warnings of one broker and one node are no noise; anything of the runtime or a driver would be.
    const noise = ends
      .flatMap(({ stderr }) => stderr.split('\n'))
      .filter((line) => line !== '' && !line.startsWith('{'))
    expect(noise).toEqual([])
  })

  test('a load that nobody ingests names what to start, and goes on when it runs', async () => {
    const loading = start(['load', product, await parcelsFile('parcels.ndjson', 0, 10)])
    expect(await loading.reported(/(\d+ records wait, .*)\n/)).toBe(
      `10 records wait, and nothing ingests them. Start \`meshgate ingest ${product}\`, or see what its log says; this command goes on by itself.`,
    )
    await startIngest()
    expect(await loading.finished).toMatchObject({ code: 0, stdout: '10 records: 10 written, 0 rejected.\n' })
  })

  test('a role with another keyspace than the ingest of its topics is refused, and takes none of their records', async () => {
    const { url } = await startIngest()
    const other = { MESHGATE_CASSANDRA_KEYSPACE: `${keyspace}x` }
    for (const role of ['ingest', 'subgraph']) {
      const { code, stdout, stderr } = await run([role, product], other)
      const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
      expect({ code, stdout, lines }).toEqual({
        code: 1,
        stdout: '',
        lines: [
          expect.stringMatching(
            `^STORE_MISMATCH: The records of ${keyspace}.parcels are ingested into keyspace ${keyspace}, `,
          ),
        ],
      })
    }
    await run(['load', product, await parcelsFile('parcels.ndjson', 0, 100)])
    expect(await writtenBy(url)).toBe(100)
  })

  test.each([
    {
      what: 'a data centre that is not there',
      set: { MESHGATE_CASSANDRA_DATACENTER: 'nowhere' },
      line: /^CONFIG_INVALID: .*Datacenter nowhere was not found\..* Set MESHGATE_CASSANDRA_DATACENTER to one of them\.$/,
      code: 2,
    },
    {
      what: 'a user that the brokers do not ask for',
      set: { MESHGATE_KAFKA_USERNAME: 'u', MESHGATE_KAFKA_PASSWORD: 'p' },
      line: /^LOG_ACCESS_DENIED: Kafka refuses our user: /,
      code: 1,
    },
  ])('$what ends the start with one line', async ({ set, line, code }) => {
    const outcome = await run(['ingest', product], set)
    const lines = outcome.stderr.split('\n').filter((text) => text !== '' && !text.startsWith('{'))
    expect({ code: outcome.code, stdout: outcome.stdout, lines }).toEqual({
      code,
      stdout: '',
      lines: [expect.stringMatching(line)],
    })
  })
})

describeServers('on fewer brokers than copies', () => {
  test('the start waits for more, says once what is missing, and can be stopped', async () => {
    const [kafka, cassandra] = await Promise.all([kafkaAddress(), cassandraAddress()])
    servers = { kafka, cassandra }
    const ingest = start(['ingest', product], { MESHGATE_KAFKA_REPLICATION: '5' })
    await ingest.reported(/(Kafka cannot keep 5 replicas of \S+ of 1 brokers that run\. Start more brokers)/)
    const { code, stdout, stderr } = await ingest.stop()
    expect([code, stdout, stderr.split('The start failed and is tried again').length - 1]).toEqual([0, '', 1])
  })
})

describeServers('through outages', () => {
  test('a role whose server is away says so, and goes on by itself when it is back', async () => {
    const [kafka, cassandra] = await Promise.all([startOwnKafka(), startOwnCassandra()])
    servers = { kafka: kafka.address, cassandra: cassandra.address }
    const ingest = await startIngest()
    const health = () => json(`${ingest.url}/health/ready`)
    await expect.poll(health, { timeout: 60_000 }).toEqual({ status: 200, body: { ready: true, reasons: [] } })
    for (const [server, name] of [
      [kafka, 'Kafka'],
      [cassandra, 'Cassandra'],
    ] as const) {
      await server.kill()
      const away = new RegExp(`^${name} at ${server.address} cannot be reached since `)
      await expect
        .poll(health, { timeout: 60_000 })
        .toEqual({ status: 503, body: { ready: false, reasons: [expect.stringMatching(away)] } })
      expect((await json(`${ingest.url}/health/live`)).status).toBe(200)
      await server.start()
      await expect.poll(health, { timeout: 60_000 }).toEqual({ status: 200, body: { ready: true, reasons: [] } })
      const id = `after-${name}`
      const body = JSON.stringify({ id, scannedAt: '2026-01-02T03:04:05Z', place: name })
      const headers = { 'content-type': 'application/x-ndjson' }
      const before = await writtenBy(ingest.url)
      expect((await json(`${ingest.url}/topics/${keyspace}.parcels`, { method: 'POST', headers, body })).status).toBe(
        200,
      )
      await expect.poll(() => writtenBy(ingest.url), { timeout: 60_000 }).toBe(before + 1)
    }
    const { code, stderr } = await ingest.process.stop()
    const told = stderr
      .split('\n')
      .flatMap((line) => /"msg":"((?:Kafka|Cassandra) at \S+ (?:cannot|is there))/.exec(line)?.[1] ?? [])
    expect({ code, told }).toEqual({
      code: 0,
      told: [
        `Kafka at ${kafka.address} cannot`,
        `Kafka at ${kafka.address} is there`,
        `Cassandra at ${cassandra.address} cannot`,
        `Cassandra at ${cassandra.address} is there`,
      ],
    })
  }, 300_000)
})
