// Hands a file's records to the process that holds the data directory, over its POST /topics, and waits until that has ingested them.
// A file sent again after a failure is appended again: its records have their version, or count as the newest, as any record that is posted.
import { stat } from 'node:fs/promises'
import { request } from 'undici'
import { entityToLoad } from '../ingest/load/load-file.ts'
import { sourceRecords, type KeyedRecord } from '../ingest/sources/load-record.ts'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import { systemClock } from '../platform/system-clock.ts'
import type { Product } from '../schema/model.ts'
import type { CommandContext } from './command-context.ts'
import type { IngestStatus } from './ingest-routes.ts'
import { refusedByHolder } from './holder-answer.ts'
import { createProgress } from './progress.ts'
import { estimatedTotal, type LoadOutcome, type LoadWork } from './load-work.ts'
import type { RejectedSummary } from '../ingest/dead-letter/rejected-summary.ts'

const POLL_MS = 200

/** Null when it was stopped. */
export async function sendFile({ url, ...work }: LoadWork & { readonly url: string }): Promise<LoadOutcome | null> {
  const { product, source, context } = work
  const entity = entityToLoad(product, work.entity)
  const total = (await stat(source.path)).size
  let read = 0
  return sendRecords({
    url,
    product,
    topic: entity.source.topic,
    records: sourceRecords(product, entity, source, (bytes) => (read = bytes)),
    context,
    estimate: (records) => estimatedTotal(records, { read, total }),
  })
}

export interface Sending {
  readonly url: string
  readonly product: Product
  readonly topic: string
  readonly records: AsyncIterable<KeyedRecord>
  readonly context: CommandContext
  /** How many there will be, after so many. */
  readonly estimate: (records: number) => number | null
}

/** Null when it was stopped. */
export async function sendRecords(sending: Sending): Promise<LoadOutcome | null> {
  const { url, product, topic, context, estimate } = sending
  const { stop } = context
  const name = `${product.domain}/${product.name}`
  const progress = createProgress(context.terminal, systemClock)
  const before = await statusOf(url, name)
  const rejectedBefore = await rejectedOf(url, topic, 'end')
  let records = 0
  const address = `${url}/topics/${encodeURIComponent(topic)}`
  for await (const batch of batches(sending.records)) {
    if (stop.aborted) return null
    if (!(await post(address, batch, stop))) return null
    records += batch.length
    progress.update({ label: name, done: records, total: estimate(records) })
  }
  const after = await caughtUp(url, name, stop)
  if (after === null) return null
  progress.finish({ label: name, done: records, total: records })
  const { reasons } = await rejectedOf(url, topic, rejectedBefore.ends.join(','))
  // Of everything that the process ingested meanwhile: others may have sent records too.
  return {
    alreadyLoaded: false,
    records,
    written: after.written - before.written,
    rejected: after.rejected - before.rejected,
    reasons,
  }
}

async function* batches(records: AsyncIterable<KeyedRecord>): AsyncGenerator<readonly KeyedRecord[]> {
  let batch: KeyedRecord[] = []
  let bytes = 0
  for await (const record of records) {
    batch.push(record)
    bytes += record.value.length
    if (batch.length < limits.sendBatchRecordsMax && bytes < limits.sendBatchBytesMax) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

/**
 * In the binary form: one broken line of the file is then one rejected record, and not a broken request. A process that has no room says
 * when to come again, and has taken nothing. False when it was stopped meanwhile.
 */
async function post(address: string, batch: readonly KeyedRecord[], stop: AbortSignal): Promise<boolean> {
  const records = batch.map(({ key, value }) => ({ key: key === null ? null : base64(key), value: base64(value) }))
  const body = JSON.stringify({ records })
  const headers = { 'content-type': 'application/vnd.kafka.binary.v2+json' }
  const startedMs = systemClock.monotonic()
  for (;;) {
    const response = await request(address, { method: 'POST', headers, body })
    const text = await response.body.text()
    if (response.statusCode === 200) return true
    const isPatient = systemClock.monotonic() - startedMs < limits.sendPatienceMs
    if (response.statusCode !== 429 || !isPatient) {
      throw new MeshgateError('LOAD_REFUSED', `${address} answered ${response.statusCode}: ${text.trim()}`)
    }
    const seconds = Number(response.headers['retry-after'] ?? 1)
    await systemClock.sleep((Number.isFinite(seconds) ? Math.max(1, seconds) : 1) * 1_000, stop).catch(() => undefined)
    if (stop.aborted) return false
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

interface ProductStatus {
  readonly written: number
  readonly rejected: number
  readonly lag: number
}

async function statusOf(url: string, product: string): Promise<ProductStatus> {
  const response = await request(`${url}/ingest`)
  const status = response.statusCode === 200 ? ((await response.body.json()) as IngestStatus) : null
  const counts = status?.counts[product]
  if (status === null || counts === undefined) {
    throw new MeshgateError(
      'LOAD_REFUSED',
      `The process at ${url} holds the data directory and does not run ${product}. Start it with that product, or end it.`,
    )
  }
  return { ...counts, lag: status.lag[product] ?? 0 }
}

async function rejectedOf(url: string, topic: string, from: string): Promise<RejectedSummary> {
  const response = await request(`${url}/ingest/rejected/${encodeURIComponent(topic)}?from=${from}`)
  const text = await response.body.text()
  if (response.statusCode === 200) return JSON.parse(text) as RejectedSummary
  throw refusedByHolder(url, response.statusCode, text)
}

async function caughtUp(url: string, product: string, stop: AbortSignal): Promise<ProductStatus | null> {
  for (;;) {
    const status = await statusOf(url, product)
    if (status.lag === 0) return status
    if (stop.aborted) return null
    await systemClock.sleep(POLL_MS)
  }
}
