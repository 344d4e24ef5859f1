// The thread that brings a shard's write-ahead log into its file while the writer goes on writing: no write could be acknowledged
// while 64 MB are copied and synced. The writer does the little that is left, which starts its log anew.
import { parentPort, workerData } from 'node:worker_threads'
import type { DatabaseSync } from 'node:sqlite'
import { invariant } from '../../errors.ts'
import { openDatabase, storeError } from './open-database.ts'
import type { AnswerBatch, CheckpointRequest, RequestBatch, ThreadData } from './thread-messages.ts'
import { checkpoint } from './wal.ts'

invariant(parentPort !== null, 'checkpoints run in a thread')
const port = parentPort
// Set by ShardedStore.
const { files } = workerData as ThreadData
const databases = new Map<string, DatabaseSync>()

port.on('message', (batch: RequestBatch) => {
  for (const [id, text] of batch) {
    // What StoreThread sent.
    const request = JSON.parse(text) as CheckpointRequest
    if (request.kind === 'close') {
      for (const database of databases.values()) database.close()
      port.close()
      return
    }
    port.postMessage(answer(id, files[request.shard] ?? ''))
  }
})

function answer(id: number, file: string): AnswerBatch {
  try {
    const database = databases.get(file) ?? openDatabase(file, 'checkpoint')
    databases.set(file, database)
    checkpoint(database, 'PASSIVE')
    return { answers: [[id, 'null', null]] }
  } catch (error) {
    const { code, message } = storeError(error, file)
    return { answers: [[id, null, { code, message }]] }
  }
}
