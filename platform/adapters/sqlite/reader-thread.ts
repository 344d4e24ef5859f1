// The thread that reads: all calls of one tick of the caller arrive as one message and are answered as one.
import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '../../errors.ts'
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

function handle(current: ShardReader, batch: RequestBatch): void {
  // What StoreThread sent.
  const requests = batch.map(([id, text]) => ({ id, request: JSON.parse(text) as ReaderRequest }))
  const closing = requests.find(({ request }) => request.kind === 'close')
  const read = (): AnswerBatch => ({
    answers: requests.map(({ id, request }): [number, string | null, Failure | null] => {
      try {
        return [id, perform(current, request), null]
      } catch (error) {
        return [id, null, failure(error)]
      }
    }),
  })
  port.postMessage(
    inOneState(
      current,
      read,
      requests.map(({ id }) => id),
    ),
  )
  if (closing === undefined) return
  current.close()
  port.close()
}

function inOneState(current: ShardReader, read: () => AnswerBatch, ids: readonly number[]): AnswerBatch {
  try {
    return current.together(read)
  } catch (error) {
    const failed = failure(error)
    return { answers: ids.map((id) => [id, null, failed]) }
  }
}

function perform(current: ShardReader, request: ReaderRequest): string {
  switch (request.kind) {
    case 'read':
      return current.read(request, request.nowMs)
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
