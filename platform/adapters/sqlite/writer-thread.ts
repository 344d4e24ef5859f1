// The thread of a shard's writer. Calls that wait while a transaction is being committed share the next one (group commit): one fsync
// for all of them. What they write was checked on the way here.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { invariant, MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { storeError } from './open-database.ts'
import { ShardWriter } from './shard-writer.ts'
import type { AnswerBatch, BinaryPart, RequestBatch, ThreadData, WriterRequest } from './thread-messages.ts'

invariant(parentPort !== null, 'the writer runs in a thread')
const port = parentPort
// Set by ShardedStore.
const { files, catalog } = workerData as ThreadData
const [file = ''] = files
let writer: ShardWriter | null = null
type WriteRequest = Extract<WriterRequest, { kind: 'write' }>

interface Waiting<Request> {
  readonly id: number
  readonly request: Request
  readonly part: BinaryPart | null
}

try {
  writer = new ShardWriter(file)
  writer.useCatalog(catalog)
  port.on('message', (batch: RequestBatch) => handle(batch))
} catch (error) {
  writer?.close()
  port.postMessage({ fatal: failure(error) } satisfies AnswerBatch)
  port.close()
}

function handle(batch: RequestBatch): void {
  const waiting: Waiting<WriterRequest>[] = []
  let size = 0
  for (
    let next: RequestBatch | undefined = batch;
    next !== undefined;
    next = size < limits.storeGroupBytesMax ? nextBatch() : undefined
  ) {
    for (const [id, text, part] of next) {
      const bytes = typeof part === 'string' ? null : part
      size += text.length + (bytes?.bytes.length ?? 0)
      // What StoreThread sent.
      waiting.push({ id, request: JSON.parse(text) as WriterRequest, part: bytes })
    }
  }
  let group: Waiting<WriteRequest>[] = []
  for (const { id, request, part } of waiting) {
    if (request.kind === 'write') group.push({ id, request, part })
    else {
      // Whatever is no write keeps its place among them.
      commit(group)
      group = []
      answer([id], () => perform(request))
    }
  }
  commit(group)
}

function nextBatch(): RequestBatch | undefined {
  return receiveMessageOnPort(port)?.message as RequestBatch | undefined
}

function commit(group: readonly Waiting<WriteRequest>[]): void {
  if (group.length === 0) return
  const nowMs = group.reduce((latest, { request }) => Math.max(latest, request.nowMs), 0)
  const ids = group.map(({ id }) => id)
  const parts = group.flatMap(({ part }) => (part === null ? [] : [part]))
  answer(ids, () => open().write(parts, nowMs))
}

function perform(request: Exclude<WriterRequest, WriteRequest>): unknown {
  const current = open()
  switch (request.kind) {
    case 'load':
      return current.loadCatalog()
    case 'migrate':
      return current.migrate(request.plan, request.keep)
    case 'use':
      return current.useCatalog(request.catalog)
    case 'sweep':
      return current.sweep(request.nowMs)
    case 'close':
      current.close()
      writer = null
      return port.close()
  }
}

function open(): ShardWriter {
  if (writer === null) throw new MeshgateError('STORE_CLOSED', `The store at ${file} has been closed.`)
  return writer
}

function answer(ids: readonly number[], work: () => unknown): void {
  let outcome: AnswerBatch
  try {
    const text = JSON.stringify(work() ?? null)
    outcome = { answers: ids.map((id) => [id, text, null]) }
  } catch (error) {
    const failed = failure(error)
    outcome = { answers: ids.map((id) => [id, null, failed]) }
  }
  port.postMessage(outcome)
}

function failure(error: unknown): { code: MeshgateError['code']; message: string } {
  const { code, message } = storeError(error, file)
  return { code, message }
}
