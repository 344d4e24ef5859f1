// A mesh with a few products and their sample, to which a test sends records of its own.
import { expect } from 'vitest'
import { startEmbeddedMesh } from '../../bench/processes/embedded-mesh.ts'
import { temporaryDirectory } from '../e2e/temporary-directory.ts'
import { query, type Subscription } from '../e2e/graphql-client.ts'

export interface Keyed {
  readonly id: string
}

export interface SmallMesh {
  readonly url: string
  query<Data>(document: string): Promise<Data>
  /** Resolves once the record is durable in its topic. */
  send<Sent extends Keyed>(topic: string, record: Sent): Promise<void>
  rejected(topic: string): Promise<string>
  close(): Promise<void>
}

export async function startSmallMesh(products: readonly string[]): Promise<SmallMesh> {
  const directory = await temporaryDirectory()
  const mesh = await startEmbeddedMesh({ dataDirectory: directory.path, products })
  await mesh.ready()
  return {
    url: mesh.url,
    query: (document) => query(mesh.url, document),
    send: async (topic, record) => {
      const response = await fetch(mesh.topicUrl(topic), {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
        body: JSON.stringify({ records: [{ key: record.id, value: record }] }),
      })
      expect(await response.json()).toMatchObject({ offsets: [{ error: null }] })
    },
    rejected: async (topic) => (await fetch(`${mesh.url}/ingest/rejected/${topic}`)).text(),
    close: async () => {
      await mesh.stop()
      await directory.remove()
    },
  }
}

/** Sends records that are told of until the first event is there: a subscription that begins behind a record is not told of it. */
export async function untilTold(subscription: Subscription, send: () => Promise<void>): Promise<unknown> {
  const event = subscription.next()
  let delivered = false
  void event.then(() => (delivered = true))
  while (!delivered) {
    await send()
    await Promise.race([event, new Promise((resolve) => setTimeout(resolve, 250))])
  }
  return (await event).data
}
