// The thread that reads: all calls of one tick of the caller arrive as one message and are answered as one.
import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { keysOf } from './key-part.ts'
import { storeError } from './open-database.ts'
import { ShardReader } from './shard-reader.ts'
import type { AnswerBatch, Failure, ReaderRequest, RequestBatch, ThreadData } from './thread-messages.ts'

invariant(parentPort !== null, 'the reader runs in a thread')
const port = parentPort
// Set by ShardedStore.
const { files, catalog } = workerData as ThreadData
let reader: ShardReader | null = null

try {
  const opened = new ShardReader(files)
  reader = opened
  opened.useCatalog(catalog)
  port.on('message', (batch: RequestBatch) => handle(opened, batch))
} catch (error) {
  reader?.close()
  port.postMessage({ fatal: failure(error) } satisfies AnswerBatch)
  port.close()
}

interface Asked {
  readonly id: number
  readonly request: ReaderRequest
  /** Of a read. */
  readonly keys: string
}

function handle(current: ShardReader, batch: RequestBatch): void {
  // What StoreThread sent.
  const requests = batch.map(([id, text, part]) => ({
    id,
    request: JSON.parse(text) as ReaderRequest,
    keys: typeof part === 'string' ? part : '',
  }))
  try {
    current.together(() => answerAll(current, requests))
  } catch (error) {
    // Ids that are answered already are unknown to the caller by now.
    const failed = failure(error)
    port.postMessage({ answers: requests.map(({ id }) => [id, null, failed] as const) } satisfies AnswerBatch)
  }
  if (!requests.some(({ request }) => request.kind === 'close')) return
  current.close()
  port.close()
}

function answerAll(current: ShardReader, requests: readonly Asked[]): void {
  let answers: [number, string | null, Failure | null][] = []
  let size = 0
  const post = (): void => port.postMessage({ answers } satisfies AnswerBatch)
  for (const { id, request, keys } of requests) {
    try {
      const text = perform(current, request, keys)
      size += text.length
      answers.push([id, text, null])
    } catch (error) {
      answers.push([id, null, failure(error)])
    }
    if (size < limits.storeAnswerCharsMax) continue
    // The caller parses these while the rest is read.
    post()
    answers = []
    size = 0
  }
  if (answers.length > 0) post()
}

function perform(current: ShardReader, request: ReaderRequest, keys: string): string {
  switch (request.kind) {
    case 'read':
      return current.read(request, keysOf({ ...request, keys }))
    case 'page':
      return current.page(request.table, request.request, request.nowMs)
    case 'scan':
      return current.scan(request.table, request.request, request.nowMs)
    case 'byIndex':
      return current.byIndex(request.table, request.request, request.nowMs)
    case 'use':
      current.useCatalog(request.catalog)
      return 'null'
    case 'close':
      return 'null'
  }
}

function failure(error: unknown): Failure {
  const { code, message } = storeError(error, files[0] ?? '')
  return { code, message }
}
