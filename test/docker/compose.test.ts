// docker-compose.yml, run: its commands, variables, health checks and start order as they stand there, on a real Kafka and Cassandra. Eleven
// processes and the whole sample take many minutes on two cores, so it is run where it is asked for: MESHGATE_DOMAINS_ON_SERVERS=1.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { query } from '../e2e/graphql-client.ts'
import { cassandraAddress, describeServers, startOwnKafka } from '../servers/test-servers.ts'
import { isOurs, readCompose } from './compose-file.ts'
import { ComposeProject } from './compose-project.ts'
import { assembleImage } from './docker-image.ts'

const UP_TIMEOUT_MS = 600_000
const DOWN_TIMEOUT_MS = 180_000

interface CustomerOrders {
  readonly customer: {
    readonly fullName: string
    readonly orders: { readonly nodes: readonly { readonly total: string; readonly lines: readonly object[] }[] }
  }
}

const isWanted = process.env['MESHGATE_DOMAINS_ON_SERVERS'] === '1'
if (!isWanted) process.stderr.write('docker-compose.yml is not run: MESHGATE_DOMAINS_ON_SERVERS=1 does it.\n')
const describeCompose = isWanted ? describeServers : describe.skip

describeCompose('the mesh of docker-compose.yml', () => {
  const parts = new AsyncDisposableStack()
  let project: ComposeProject
  let names: readonly string[]

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'meshgate-compose-'))
    parts.defer(() => rm(directory, { recursive: true, force: true }))
    await chmod(directory, 0o755)
    // Topics have no name of their own to keep tests apart, keyspaces have.
    const [kafka, cassandra] = await Promise.all([startOwnKafka(), cassandraAddress()])
    const compose = await readCompose({ MESHGATE_CASSANDRA_KEYSPACE: 'meshgate_compose' })
    names = Object.entries(compose.services).flatMap(([name, service]) => (isOurs(service) ? [name] : []))
    const image = await assembleImage(join(directory, 'image'))
    const servers = { 'kafka:9092': kafka.address, 'cassandra:9042': cassandra }
    project = new ComposeProject({ compose, image, servers, directory: join(directory, 'volumes') })
    parts.defer(async () => void (await project.down()))
    await project.up()
  }, UP_TIMEOUT_MS)

  afterAll(() => parts.disposeAsync(), DOWN_TIMEOUT_MS)

  test('answers with the sample, joined over domains', async () => {
    const { customer } = await query<CustomerOrders>(
      project.url('gateway', 4000),
      `{ customer(id: "5219") { fullName orders(first: 100) { nodes { total lines { product { name brand } } } } } }`,
    )
    const cents = customer.orders.nodes.reduce((sum, { total }) => sum + Math.round(Number(total) * 100), 0)
    const lines = customer.orders.nodes.flatMap((order) => order.lines)
    expect({ fullName: customer.fullName, orders: customer.orders.nodes.length, lines: lines.length, cents }).toEqual({
      fullName: 'Diane Biondo',
      orders: 8,
      lines: 30,
      cents: 21_276,
    })
  })

  test('takes records where ingest listens, and tells of them at the gateway', async () => {
    const order = {
      id: 'compose-1',
      customerId: '1',
      storeId: '2',
      placedAt: '2026-01-02T03:04:05Z',
      lines: [{ productId: '1', quantity: 2, amount: '5.70', cost: '2.00' }],
    }
    const answer = await fetch(`${project.url('sales', 4103)}/topics/sales.orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: JSON.stringify(order),
    })
    expect(answer.status).toBe(200)
    await expect
      .poll(() => query(project.url('gateway', 4000), `{ order(id: "compose-1") { total customer { fullName } } }`), {
        timeout: 20_000,
      })
      .toEqual({ order: { total: '5.7', customer: { fullName: 'Sheri Nowmer' } } })
  })

  test('another process of a domain serves beside the first', { timeout: UP_TIMEOUT_MS }, async () => {
    const another = await project.scale('sales')
    const found = await query(`${another}/sales-orders`, `{ order(id: "compose-1") { total } }`)
    expect(found).toEqual({ order: { total: '5.7' } })
  })

  test('ends with exit code 0, every service, when it is stopped', { timeout: DOWN_TIMEOUT_MS }, async () => {
    const codes = await project.down()
    const expected = [...names, 'sales'].map((name) => ({ name, code: 0 }))
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name)
    expect(codes.toSorted(byName)).toEqual(expected.toSorted(byName))
  })
})
