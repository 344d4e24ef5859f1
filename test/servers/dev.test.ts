// `meshgate dev` on Kafka and Cassandra: everything in one process, through the death of either server, a stop and a second start.
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createProcesses, type MeshgateProcess } from '../cli/meshgate-process.ts'
import { query, subscribe } from '../e2e/graphql-client.ts'
import { describeServers, startOwnCassandra, startOwnKafka } from './test-servers.ts'

const WAIT = { timeout: 90_000, interval: 500 }
let environment: Record<string, string> = {}
const processes = createProcesses(() => environment)
const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  await processes.killAll()
})

interface Dev {
  readonly process: MeshgateProcess
  readonly url: string
}

async function startDev(product: string): Promise<Dev> {
  const process = processes.start(['dev', product, '--no-sample'])
  const url = (await process.printed(/Meshgate listens on (\S+)/)).replace('localhost', '127.0.0.1')
  await process.printed(/(Ready\.)/)
  return { process, url }
}

/** Messages of the log from warnings on, without figures, addresses and ids. */
function told(stderr: string): string[] {
  const lines = stderr.split('\n').filter((line) => line !== '')
  return lines.map((line) => (line.startsWith('{') ? (JSON.parse(line) as { msg: string }).msg : `no JSON: ${line}`))
}

describeServers('meshgate dev', () => {
  test('outlives both servers, tells each outage once, and goes on with its rows at the next start', async () => {
    const [kafka, cassandra] = await Promise.all([startOwnKafka(), startOwnCassandra()])
    const directory = await mkdtemp(join(tmpdir(), 'meshgate-dev-'))
    closing.push(() => rm(directory, { recursive: true, force: true }))
    const domain = `dev${randomBytes(4).toString('hex')}`
    const product = join(directory, 'product.graphql')
    const sdl = await readFile(new URL('../cli/parcels.graphql', import.meta.url), 'utf8')
    await writeFile(product, sdl.replaceAll('DOMAIN', domain))
    environment = {
      MESHGATE_KAFKA_BROKERS: kafka.address,
      MESHGATE_CASSANDRA_CONTACT_POINTS: cassandra.address,
      MESHGATE_CASSANDRA_KEYSPACE: domain,
    }
    const { process, url } = await startDev(product)
    const events = await subscribe(url, 'subscription { parcelMoved { id place } }')
    const post = async (place: string): Promise<number> => {
      const body = JSON.stringify({ id: 'p', scannedAt: new Date().toISOString(), place })
      const headers = { 'content-type': 'application/x-ndjson' }
      return (await fetch(`${url}/topics/${domain}.parcels`, { method: 'POST', headers, body })).status
    }
    const place = (): Promise<unknown> => query(url, '{ parcel(id: "p") { place } }').catch(String)
    const ready = async (): Promise<number> => (await fetch(`${url}/health/ready`)).status

    expect(await post('home')).toBe(200)
    expect(await events.next()).toMatchObject({ data: { parcelMoved: { id: 'p', place: 'home' } } })

    await kafka.kill()
    await expect.poll(ready, WAIT).toBe(503)
    expect(await place()).toEqual({ parcel: { place: 'home' } })
    await kafka.start()
    await expect.poll(ready, WAIT).toBe(200)
    await expect.poll(() => post('road'), WAIT).toBe(200)
    expect(await events.next()).toMatchObject({ data: { parcelMoved: { id: 'p', place: 'road' } } })

    await cassandra.kill()
    await expect.poll(ready, WAIT).toBe(503)
    for (let request = 0; request < 5; request++) expect(await place()).toContain('STORE_UNAVAILABLE')
    await cassandra.start()
    await expect.poll(ready, WAIT).toBe(200)
    await expect.poll(place, WAIT).toEqual({ parcel: { place: 'road' } })

    await events.close()
    const { code, stderr } = await process.stop()
    expect(code).toBe(0)
    const outages = told(stderr).filter((line) => !line.includes('one copy'))
    const ofKafka = `Kafka at ${kafka.address}`
    const ofCassandra = `Cassandra at ${cassandra.address}`
    const seldom = 'Requests fail, and are answered so that clients try again.'
    const begins = 'cannot be reached. It is tried again until it can.'
    expect(outages.filter((line) => line === `${ofKafka} ${begins}` || line === `${ofCassandra} ${begins}`)).toEqual([
      `${ofKafka} ${begins}`,
      `${ofCassandra} ${begins}`,
    ])
    expect(outages.filter((line) => line === seldom)).toHaveLength(1)
    // A slow start of a server is told again after half a minute; nothing is told for each attempt or request.
    expect(outages.length).toBeLessThan(14)
    expect(told(stderr).filter((line) => line.includes('one copy'))).toHaveLength(2)

    const again = await startDev(product)
    expect(await query(again.url, '{ parcel(id: "p") { place } }')).toEqual({ parcel: { place: 'road' } })
    expect(await again.process.stop()).toMatchObject({ code: 0 })
  }, 400_000)
})
