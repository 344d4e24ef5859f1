// Kafka killed under ingest and a subgraph: whoever posts is answered, nothing is lost or told twice, and all of them go on by themselves.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Ingest } from '../../ingest/main.ts'
import { byId, visibleRows } from '../ingest/open-ports.ts'
import { Client, ItemMesh, type Item } from './item-mesh.ts'
import { cassandraAddress, describeServers, startOwnKafka } from './test-servers.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const itemsOf = (from: number): Item[] =>
  Array.from({ length: 60 }, (_, index) => ({
    id: `item-${index % 20}`,
    shelf: `shelf-${index % 3}`,
    rank: from + index,
  }))

async function postTo(ingest: Ingest, topic: string): Promise<(items: readonly Item[]) => Promise<[number, unknown]>> {
  const server = createServer((request, response) => {
    void (async () => {
      for (const route of ingest.routes) await route(request, response)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return async (items) => {
    const response = await fetch(`http://127.0.0.1:${String(port)}/topics/${topic}`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
      body: JSON.stringify({ records: items.map((value) => ({ value })) }),
    })
    const { code } = (await response.json()) as { code?: string }
    return [response.status, code]
  }
}

describeServers('Kafka killed and started again', () => {
  test('costs the time that it is away, and nothing else', async () => {
    const [kafka, cassandra] = await Promise.all([startOwnKafka(), cassandraAddress()])
    const mesh = new ItemMesh({ kafka: kafka.address, cassandra })
    closing.push(() => mesh.close())
    const lines: string[] = []
    const tell = (_details: object, message: string): void => void lines.push(message)
    const ingest = await mesh.ingest({ logger: { info: tell, warn: tell, error: tell } })
    const post = await postTo(ingest, mesh.topic)
    const client = new Client()
    await client.subscribe(await mesh.subgraph())
    const before = itemsOf(0)
    expect(await post(before)).toEqual([200, undefined])
    await client.take(before.length)

    await kafka.kill()
    const away = itemsOf(1_000)
    expect(await post(away)).toEqual([503, 'LOG_UNAVAILABLE'])
    await kafka.start()
    const after = itemsOf(2_000)
    await expect.poll(() => post(after), { timeout: 60_000, interval: 500 }).toEqual([200, undefined])
    await ingest.caughtUp()

    const rows = byId([...new Map(after.map((item) => [item.id, { ...item }])).values()])
    const { store } = await mesh.process()
    expect(byId(await visibleRows(store, 'items'))).toEqual(rows)
    while (client.told.filter(({ rank }) => rank >= 2_000).length < after.length) await client.take(1)
    expect(byId([...client.rows.values()].map((item) => ({ ...item })))).toEqual(rows)
    // What was answered with 503 may have been appended, whole or in part, and even twice by a sender that repeats it; never out of order.
    for (const [, told] of Map.groupBy(client.told, ({ id }) => id)) {
      const ranks = told.map(({ rank }) => rank)
      expect(ranks).toEqual(ranks.toSorted((left, right) => left - right))
    }
    expect(lines.length).toBeLessThan(10)
    await client.leave()
  })
})
