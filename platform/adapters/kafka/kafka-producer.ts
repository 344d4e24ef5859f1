// Appends to Kafka: idempotent, acknowledged by all in-sync replicas. One request is under way per leader; what comes meanwhile goes together
// in the next, so that batches grow with the load and nothing waits for a timer. Not kafkajs's producer: see
// docs/decisions/kafka-through-its-protocol-layer.md.
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import { ByteBudget } from '../../byte-budget.ts'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { AppendRecord, Position } from '../../ports/event-log.ts'
import { routeRecords } from '../../record-router.ts'
import type { RoutedRecords, RoutedTopic } from '../../record-router.ts'
import type { KafkaChannel } from './kafka-channel.ts'
import type { KafkaConnection } from './kafka-connection.ts'
import { isTransient, toMeshgateError } from './kafka-errors.ts'
import { throwIfFailed } from './kafka-messages.ts'
import { PartitionQueue } from './partition-queue.ts'
import { encodeProduce } from './produce-message.ts'
import type { ProduceAnswer } from './produce-message.ts'
import { RECORD_OVERHEAD_BYTES } from './record-batch-writer.ts'
import type { ProducerIdentity } from './record-batch-writer.ts'

const TOO_LARGE: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])
/** The broker does not know our sequence, or not any more (its records were deleted, its log lost). */
const OUT_OF_SEQUENCE: ReadonlySet<string> = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID'])
const TRANSACTION_TIMEOUT_UNUSED_MS = 60_000

export class KafkaProducer {
  readonly #connection: KafkaConnection
  readonly #channel: KafkaChannel
  readonly #budget = new ByteBudget(limits.appendBytesInFlightMax)
  readonly #appends = new Set<Promise<unknown>>()
  readonly #stop = new AbortController()
  /** Aborts when closing has waited long enough. */
  readonly #giveUp = new AbortController()
  readonly #topics = new Map<string, RoutedTopic>()
  readonly #lookups = new Map<string, { readonly found: Promise<number>; waiting: number }>()
  readonly #queues = new Map<string, PartitionQueue>()
  /** With something to send, and nothing under way. */
  readonly #working = new Set<PartitionQueue>()
  /** Leaders that have a request under way. */
  readonly #busy = new Set<number>()
  #identity: ProducerIdentity | null = null
  #asking = false
  #pumpPlanned = false
  #pumpAtMs = Infinity
  #deadlineMsMax = Infinity

  constructor(connection: KafkaConnection) {
    this.#connection = connection
    this.#channel = connection.openChannel()
  }

  async append(topic: string, records: readonly AppendRecord[]): Promise<readonly Position[]> {
    const appended = this.#append(topic, records)
    this.#appends.add(appended)
    try {
      return await appended
    } finally {
      this.#appends.delete(appended)
    }
  }

  /** Appends under way finish, or are given up after `limits.kafkaCloseWaitMs`. */
  async close(): Promise<void> {
    this.#deadlineMsMax = this.#nowMs() + limits.kafkaCloseWaitMs
    const { clock } = this.#connection
    clock.sleep(limits.kafkaCloseWaitMs, this.#stop.signal).then(
      () => {
        this.#giveUp.abort(new MeshgateError('LOG_UNAVAILABLE', 'Kafka: no broker has answered before the log closed.'))
        this.#pump()
      },
      () => undefined,
    )
    await Promise.allSettled(this.#appends)
    this.#stop.abort()
    this.#channel.close()
  }

  async #append(topic: string, records: readonly AppendRecord[]): Promise<readonly Position[]> {
    const deadlineMs = this.#nowMs() + limits.kafkaAppendTimeoutMs
    // Where it is known, without a turn: appends take their order from their calls.
    const known = this.#lookups.has(topic) ? undefined : this.#connection.metadata.known(topic)?.leaders.length
    const partitionCount = known ?? (await this.#lookup(topic))
    const routed = routeRecords(this.#routedTopic(topic, partitionCount), records, {
      recordOverheadBytes: RECORD_OVERHEAD_BYTES,
      partBytesMax: limits.kafkaBatchBytesMax,
    })
    if (routed.parts.length === 0) return []
    const appended = new Promise<readonly PromiseSettledResult<number>[]>((resolve) => {
      this.#budget.admit(routed.bytes, () => resolve(this.#enqueue(topic, routed, deadlineMs)))
    })
    try {
      return routed.positions((await appended).map(valueOf))
    } finally {
      this.#budget.release(routed.bytes)
    }
  }

  #enqueue(
    topic: string,
    { parts }: RoutedRecords,
    deadlineMs: number,
  ): Promise<readonly PromiseSettledResult<number>[]> {
    const append = {}
    const firstOffsets = parts.map(({ partition, records, bytes }) => {
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      const queue = this.#queue(topic, partition)
      if (queue.empty) this.#working.add(queue)
      queue.push({ append, records, bytes, deadlineMs, resolve, reject })
      return promise
    })
    this.#planPump()
    return Promise.allSettled(firstOffsets)
  }

  /** After what is called now: appends of one turn go together. */
  #planPump(): void {
    if (this.#pumpPlanned) return
    this.#pumpPlanned = true
    queueMicrotask(() => {
      this.#pumpPlanned = false
      this.#pump()
    })
  }

  /** One timer at most, for the earliest: a pump sees to the next. */
  #pumpAt(atMs: number): void {
    if (atMs >= this.#pumpAtMs) return
    this.#pumpAtMs = atMs
    // Timers cut fractions off: one that fired too early would be the last.
    const delayMs = Math.max(1, Math.ceil(atMs - this.#nowMs()))
    this.#connection.clock.sleep(delayMs, this.#stop.signal).then(
      () => {
        this.#pumpAtMs = Infinity
        this.#pump()
      },
      () => undefined,
    )
  }

  /** Sends to every leader that has nothing under way what waits for it. */
  #pump(): void {
    const nowMs = this.#nowMs()
    const byLeader = new Map<number, PartitionQueue[]>()
    for (const queue of this.#working) {
      queue.expire(nowMs, this.#deadlineMsMax)
      if (queue.empty) this.#working.delete(queue)
      else if (queue.notBeforeMs > nowMs) this.#pumpAt(queue.notBeforeMs)
      else {
        const leader = this.#leaderOf(queue)
        if (leader !== null && this.#identified(queue)) byLeader.set(leader, [...(byLeader.get(leader) ?? []), queue])
      }
    }
    for (const [leader, queues] of byLeader) {
      if (!this.#busy.has(leader)) void this.#send(leader, queues)
    }
  }

  async #send(leader: number, queues: readonly PartitionQueue[]): Promise<void> {
    this.#busy.add(leader)
    const sent: { readonly queue: PartitionQueue; readonly bytes: Buffer }[] = []
    let bytesSent = 0
    for (const queue of queues) {
      if (bytesSent >= limits.kafkaProduceBytesMax) break
      const bytes = queue.next(this.#connection.clock.now())
      sent.push({ queue, bytes })
      bytesSent += bytes.length
      // To the end of the line: partitions take turns where a request cannot take all.
      this.#working.delete(queue)
    }
    try {
      const batches = sent.map(({ queue, bytes }) => ({ topic: queue.topic, partition: queue.partition, bytes }))
      const answer = await this.#channel.broker(leader).sendMessage<ProduceAnswer>(encodeProduce(batches))
      const results = new Map(
        answer.topics.flatMap(({ topicName, partitions }) =>
          partitions.map((each) => [`${topicName}:${String(each.partition)}`, each] as const),
        ),
      )
      for (const { queue } of sent) {
        const result = results.get(`${queue.topic}:${String(queue.partition)}`)
        this.#settle(queue, result?.errorCode ?? UNKNOWN, Number(result?.baseOffset ?? -1))
      }
    } catch (error) {
      for (const { queue } of sent) this.#failed(queue, error)
    }
    this.#busy.delete(leader)
    for (const { queue } of sent) if (!queue.empty) this.#working.add(queue)
    this.#pump()
  }

  #settle(queue: PartitionQueue, errorCode: number, firstOffset: number): void {
    const error = errorCode === 0 ? null : createErrorFromCode(errorCode)
    // A repeat that the broker remembers is answered as a success; one that it only knows to be older has no offset any more.
    const appended = error === null || (error.type === 'DUPLICATE_SEQUENCE_NUMBER' && firstOffset >= 0)
    if (appended) queue.acknowledged(firstOffset)
    else if (TOO_LARGE.has(error.type)) queue.refused(tooLargeError(queue, error))
    else if (error.type === 'INVALID_RECORD') queue.refused(toMeshgateError(error, `append to ${queue.topic}`))
    else if (OUT_OF_SEQUENCE.has(error.type)) {
      this.#tellOfSequence(queue, error.type)
      queue.restart(error, this.#nowMs())
    } else if (error.type === 'INVALID_PRODUCER_EPOCH') {
      this.#tellOfSequence(queue, error.type)
      queue.change(error, this.#nowMs())
    } else this.#failed(queue, error)
  }

  #tellOfSequence({ topic, partition }: PartitionQueue, type: string): void {
    this.#connection.logger.warn({ topic, partition, type }, 'kafka: lost our sequence')
  }

  #failed(queue: PartitionQueue, error: unknown): void {
    const failure = error instanceof Error ? error : toMeshgateError(error, `append to ${queue.topic}`)
    if (!isTransient(failure)) return queue.giveUp(failure)
    this.#connection.metadata.forget(queue.topic)
    queue.retry(failure, this.#nowMs())
  }

  /** Null while it is unknown; it is being asked for. */
  #leaderOf(queue: PartitionQueue): number | null {
    const { metadata } = this.#connection
    const leader = metadata.known(queue.topic)?.leaders[queue.partition]
    if (leader !== undefined && leader >= 0 && metadata.brokers.has(leader)) return leader
    this.#working.delete(queue)
    void this.#findLeader(queue)
    return null
  }

  async #findLeader(queue: PartitionQueue): Promise<void> {
    try {
      await this.#channel.leader(queue.topic, queue.partition)
    } catch (error) {
      const failure = error instanceof Error ? error : toMeshgateError(error, `append to ${queue.topic}`)
      if (isTransient(failure)) queue.retry(failure, this.#nowMs())
      else queue.refuse(failure)
    }
    if (!queue.empty) this.#working.add(queue)
    this.#pump()
  }

  /** Whether the partition may send: under its identity, or one that no batch of it was ever given up under. */
  #identified(queue: PartitionQueue): boolean {
    if (queue.identity !== null) return true
    if (this.#identity !== null && !queue.hasUsed(this.#identity)) {
      queue.adopt(this.#identity)
      return true
    }
    if (!this.#asking) void this.#askIdentity()
    return false
  }

  async #askIdentity(): Promise<void> {
    this.#asking = true
    try {
      this.#identity = await this.#channel.withAnyBroker(
        'become a producer',
        async (broker) => {
          const parameters = { transactionalId: null, transactionTimeout: TRANSACTION_TIMEOUT_UNUSED_MS }
          const answer = await broker.send('InitProducerId', parameters)
          throwIfFailed(answer)
          return { producerId: BigInt(answer.producerId), epoch: answer.producerEpoch }
        },
        { timeoutMs: 0 },
      )
      this.#asking = false
      this.#pump()
    } catch (error) {
      this.#asking = false
      const failure = toMeshgateError(error, 'become a producer')
      // What waits without an identity is tried again until it has waited too long, unless we are not allowed at all.
      if (!failure.retryable) for (const queue of this.#working) if (queue.identity === null) queue.refuse(failure)
      this.#pumpAt(this.#nowMs() + limits.kafkaRetryDelayMsMax)
    }
  }

  /** All that ask while it is not known wait for one answer, and go on in the order of their calls. */
  async #lookup(topic: string): Promise<number> {
    let lookup = this.#lookups.get(topic)
    if (lookup === undefined) {
      const options = { timeoutMs: limits.kafkaAppendTimeoutMs, signal: this.#giveUp.signal }
      lookup = { found: this.#connection.partitionCount(topic, options), waiting: 0 }
      this.#lookups.set(topic, lookup)
    }
    lookup.waiting += 1
    try {
      return await lookup.found
    } finally {
      lookup.waiting -= 1
      if (lookup.waiting === 0) this.#lookups.delete(topic)
    }
  }

  #routedTopic(name: string, partitionCount: number): RoutedTopic {
    const known = this.#topics.get(name)
    if (known?.partitionCount === partitionCount) return known
    const topic = { name, partitionCount, nextUnkeyed: 0 }
    this.#topics.set(name, topic)
    return topic
  }

  #queue(topic: string, partition: number): PartitionQueue {
    const name = `${topic}:${String(partition)}`
    const queue = this.#queues.get(name) ?? new PartitionQueue(topic, partition)
    this.#queues.set(name, queue)
    return queue
  }

  #nowMs(): number {
    return this.#connection.clock.monotonic()
  }
}

const UNKNOWN = -1

function tooLargeError({ topic, batchBytes }: PartitionQueue, cause: Error): MeshgateError {
  const what = `${String(batchBytes)} bytes for ${topic} are more than the topic takes (max.message.bytes)`
  return new MeshgateError('LOG_RECORD_TOO_LARGE', `${what}. Raise it.`, cause)
}

function valueOf(result: PromiseSettledResult<number>): number {
  if (result.status === 'rejected') throw result.reason
  return result.value
}
