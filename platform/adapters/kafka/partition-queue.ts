// What waits to be appended to one partition, in order. At most one batch has left the queue: it keeps its producer identity and sequence
// through all attempts, so that the broker appends it once, and nothing overtakes it. A batch that is given up may or may not have been
// appended: the partition then goes on under the next epoch, so that it is never appended after something newer.
import type { AppendRecord } from '../../ports/event-log.ts'
import { MeshgateError, invariant } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { nextDelay, toMeshgateError } from './kafka-errors.ts'
import { encodeBatch } from './record-batch-writer.ts'
import type { ProducerIdentity } from './record-batch-writer.ts'

/** Records of one append that go into one batch. */
export interface Chunk {
  /** The same object for all chunks of one append: once one has failed, none behind it is appended. */
  readonly append: object
  readonly records: readonly AppendRecord[]
  readonly bytes: number
  /** By the monotonic clock: later it is given up. */
  readonly deadlineMs: number
  resolve(firstOffset: number): void
  reject(error: Error): void
}

interface Batch {
  readonly chunks: readonly Chunk[]
  readonly records: number
  readonly bytes: Buffer
  /** The last failure, while it is tried again. */
  failure: Error | null
}

const SEQUENCE_MAX = 0x7fffffff
const EPOCH_MAX = 0x7fff

export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** Not sent before that, by the monotonic clock. */
  notBeforeMs = 0
  #waiting: Chunk[] = []
  #batch: Batch | null = null
  #identity: ProducerIdentity | null = null
  /** All epochs of it are used up, or others have it. */
  #formerId: bigint | null = null
  #sequence = 0
  #delayMs: number = limits.kafkaRetryDelayMsMin
  /** Chunks of a batch that was too large go one by one. */
  #alone = false

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get empty(): boolean {
    return this.#batch === null && this.#waiting.length === 0
  }

  get identity(): ProducerIdentity | null {
    return this.#identity
  }

  hasUsed(identity: ProducerIdentity): boolean {
    return this.#formerId === identity.producerId
  }

  push(chunk: Chunk): void {
    this.#waiting.push(chunk)
  }

  /** Takes over a fresh identity; sequences begin anew. */
  adopt(identity: ProducerIdentity): void {
    this.#identity = identity
    this.#sequence = 0
  }

  /** The batch to send: that of the last attempt, or a new one of what waits. */
  next(timestampMs: number): Buffer {
    if (this.#batch !== null) return this.#batch.bytes
    const producer = this.#identity
    invariant(producer !== null, `${this.topic}:${String(this.partition)} sends without a producer identity`)
    const chunks = this.#take()
    const records = chunks.flatMap((chunk) => chunk.records)
    const bytes = encodeBatch(records, { producer, sequence: this.#sequence, timestampMs })
    this.#batch = { chunks, records: records.length, bytes, failure: null }
    return bytes
  }

  acknowledged(firstOffset: number): void {
    const batch = this.#leave()
    const next = this.#sequence + batch.records
    this.#sequence = next > SEQUENCE_MAX ? next - SEQUENCE_MAX - 1 : next
    let offset = firstOffset
    for (const chunk of batch.chunks) {
      chunk.resolve(offset)
      offset += chunk.records.length
    }
  }

  /** The same batch goes again, after a pause that grows. */
  retry(error: Error, nowMs: number): void {
    if (this.#batch !== null) this.#batch.failure = error
    this.notBeforeMs = nowMs + this.#delayMs
    this.#delayMs = nextDelay(this.#delayMs)
  }

  /** The broker has lost track of our sequences and so has not appended the batch: the same records go under the next epoch. */
  restart(error: Error, nowMs: number): void {
    this.#waiting.unshift(...(this.#batch?.chunks ?? []))
    this.#batch = null
    this.#raiseEpoch()
    this.retry(error, nowMs)
  }

  /** Somebody else has our producer id: the same records go under another. */
  change(error: Error, nowMs: number): void {
    this.restart(error, nowMs)
    this.#formerId = this.#identity?.producerId ?? null
    this.#identity = null
  }

  /** The broker refused the batch for what is in it, and appended nothing: whose fault it is shows when each append goes alone. */
  refused(error: Error): void {
    const batch = this.#leave()
    if (batch.chunks.length > 1) {
      this.#waiting.unshift(...batch.chunks)
      this.#alone = true
      return
    }
    this.#reject(batch.chunks, error)
  }

  /** The bytes of the batch under way. */
  get batchBytes(): number {
    return this.#batch?.bytes.length ?? 0
  }

  /** The batch is given up, and what waits of its appends; the rest goes on under the next epoch. */
  giveUp(error: Error): void {
    const { chunks } = this.#leave()
    this.#raiseEpoch()
    this.#reject(chunks, toMeshgateError(error, `append to ${this.topic}`))
  }

  /** Nothing can be appended to the topic: all that waits is refused. */
  refuse(error: Error): void {
    if (this.#batch !== null) this.giveUp(error)
    this.#reject(this.#waiting, toMeshgateError(error, `append to ${this.topic}`))
  }

  /**
   * Gives up what has waited too long, and with it what came later: a caller's later append must not get through where its earlier one, at
   * the same broker in the same outage, has not. Not while the batch is under way.
   */
  expire(nowMs: number, deadlineMsMax: number): void {
    const late = ({ deadlineMs }: Chunk): boolean => Math.min(deadlineMs, deadlineMsMax) <= nowMs
    if (this.#batch?.chunks.some(late) !== true && !this.#waiting.some(late)) return
    this.refuse(tooLate(this.topic, this.#batch?.failure ?? null))
  }

  #reject(chunks: readonly Chunk[], error: Error): void {
    const failed = new Set(chunks.map(({ append }) => append))
    const rejected = new Set([...chunks, ...this.#waiting.filter(({ append }) => failed.has(append))])
    this.#waiting = this.#waiting.filter(({ append }) => !failed.has(append))
    for (const chunk of rejected) chunk.reject(error)
  }

  /**
   * With the first batch of the next epoch the broker refuses what is still on its way under the former: a batch that was given up is
   * appended before it or never.
   */
  #raiseEpoch(): void {
    this.#sequence = 0
    if (this.#identity === null) return
    const { producerId, epoch } = this.#identity
    if (epoch < EPOCH_MAX) this.#identity = { producerId, epoch: epoch + 1 }
    else {
      this.#formerId = producerId
      this.#identity = null
    }
  }

  #take(): readonly Chunk[] {
    let count = 0
    let bytes = 0
    for (const chunk of this.#waiting) {
      if (count > 0 && (this.#alone || bytes + chunk.bytes > limits.kafkaBatchBytesMax)) break
      count += 1
      bytes += chunk.bytes
    }
    return this.#waiting.splice(0, count)
  }

  #leave(): Batch {
    const batch = this.#batch
    invariant(batch !== null, `${this.topic}:${String(this.partition)} has no batch under way`)
    this.#batch = null
    this.#delayMs = limits.kafkaRetryDelayMsMin
    this.notBeforeMs = 0
    return batch
  }
}

function tooLate(topic: string, cause: Error | null): MeshgateError {
  const reason = cause === null ? 'no broker has taken it in time' : cause.message
  const what = `Kafka: cannot append to ${topic}: ${reason}`
  return new MeshgateError(
    'LOG_UNAVAILABLE',
    `${what}. It may have been appended. Retry; see whether its brokers run.`,
    cause,
  )
}
