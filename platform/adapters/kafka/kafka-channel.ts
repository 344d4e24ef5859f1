// Connections of one purpose to the brokers, one each. A broker answers a connection's requests in order, so that one which waits (a fetch
// for records, a member for its group) holds up all behind it: whoever waits has a channel of its own.
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { OffsetRange } from '../../ports/event-log.ts'
import { BrokerConnection } from './broker-connection.ts'
import type { BrokerConnectionOptions } from './broker-connection.ts'
import type { ClusterMetadata } from './cluster-metadata.ts'
import { READ_COMMITTED, encodeFetch } from './fetch-message.ts'
import type { FetchFrom, FetchRequest, FetchedPartition } from './fetch-message.ts'
import { isTransient, kafkaErrorType, toMeshgateError, withRetries } from './kafka-errors.ts'
import { throwIfFailed } from './kafka-messages.ts'

export interface CallOptions {
  /** After that no further attempt begins; default `limits.kafkaCallTimeoutMs`. 0: one attempt. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface KafkaChannelOptions {
  readonly metadata: Pick<ClusterMetadata, 'brokers' | 'controllerId' | 'topic' | 'forget' | 'refresh'>
  readonly connection: BrokerConnectionOptions
  readonly clock: Clock
  readonly onClose: (channel: KafkaChannel) => void
}

const EARLIEST = '-2'
const LATEST = '-1'
const COORDINATOR_MOVED: ReadonlySet<string> = new Set(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE'])

export class KafkaChannel {
  readonly #options: KafkaChannelOptions
  readonly #connections = new Map<number, BrokerConnection>()
  readonly #coordinators = new Map<string, number>()
  #closed = false

  constructor(options: KafkaChannelOptions) {
    this.#options = options
  }

  get clock(): Clock {
    return this.#options.clock
  }

  /** The open connection to a broker, connected or not yet. */
  broker(nodeId: number): BrokerConnection {
    if (this.#closed) throw new MeshgateError('LOG_CLOSED', 'The log has been closed.')
    const address = this.#options.metadata.brokers.get(nodeId)
    if (address === undefined) throw createErrorFromCode(BROKER_NOT_KNOWN)
    const open = this.#connections.get(nodeId)
    if (open !== undefined) {
      if (!open.closed && open.address.host === address.host && open.address.port === address.port) return open
      open.close()
    }
    const connection = new BrokerConnection(address, this.#options.connection)
    this.#connections.set(nodeId, connection)
    return connection
  }

  /** Node id of a partition's leader now; transient errors where there is none. One attempt. LOG_TOPIC_UNKNOWN, LOG_OFFSET_OUT_OF_RANGE. */
  async leader(topic: string, partition: number): Promise<number> {
    const { leaders } = await this.#options.metadata.topic(topic)
    const leader = leaders[partition]
    if (leader === undefined) {
      const held = `${topic} has ${String(leaders.length)} partitions`
      throw new MeshgateError('LOG_OFFSET_OUT_OF_RANGE', `No partition ${String(partition)}: ${held}.`)
    }
    // What was learnt of another topic meanwhile may have told that the broker is gone: who only looked again would find the same for ever.
    if (leader >= 0 && this.#options.metadata.brokers.has(leader)) return leader
    this.#options.metadata.forget(topic)
    throw createErrorFromCode(LEADER_NOT_AVAILABLE)
  }

  /**
   * Calls with the partition's leader, again while failures are transient (the answer's own errors, where the call throws them, included).
   * Then LOG_UNAVAILABLE. What is not transient is passed on as it is: see `kafkaErrorType`.
   */
  withLeader<T>(
    topic: string,
    partition: number,
    call: (broker: BrokerConnection) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#retrying(`reach partition ${String(partition)} of ${topic}`, options, async () => {
      const leader = await this.leader(topic, partition)
      try {
        return await call(this.broker(leader))
      } catch (error) {
        if (isTransient(error)) this.#options.metadata.forget(topic)
        throw error
      }
    })
  }

  /** The same with the group's coordinator. */
  withCoordinator<T>(
    group: string,
    call: (broker: BrokerConnection) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#retrying(`reach the coordinator of group ${group}`, options, async () => {
      const nodeId = this.#coordinators.get(group) ?? (await this.#findCoordinator(group))
      try {
        return await call(this.broker(nodeId))
      } catch (error) {
        const type = kafkaErrorType(error)
        if (type === null || COORDINATOR_MOVED.has(type)) this.#coordinators.delete(group)
        throw error
      }
    })
  }

  /** The same with any broker, the controller first. */
  withAnyBroker<T>(
    doing: string,
    call: (broker: BrokerConnection) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#retrying(doing, options, async () => await call(await this.#anyBroker()))
  }

  /** From one broker, one attempt. Errors of a partition are in its answer, out of range with what is held. */
  async fetch(nodeId: number, request: FetchRequest): Promise<readonly FetchedPartition[]> {
    const { partitions } = await this.broker(nodeId).sendMessage<{ partitions: FetchedPartition[] }>(
      encodeFetch(request),
    )
    const outOfRange = partitions.filter(({ error }) => kafkaErrorType(error) === 'OFFSET_OUT_OF_RANGE')
    if (outOfRange.length === 0) return partitions
    const offsets = new Map(request.from.map((each) => [`${each.topic}:${String(each.partition)}`, each.offset]))
    return await Promise.all(
      partitions.map(async (each) => {
        if (!outOfRange.includes(each)) return each
        const offset = offsets.get(`${each.topic}:${String(each.partition)}`) ?? -1
        return { ...each, error: await this.#outOfRange(nodeId, each, offset) }
      }),
    )
  }

  /** Of one partition from its leader, what there is now; tried again while failures are transient. */
  fetchOne(from: FetchFrom, bytesMax: number, options: CallOptions = {}): Promise<FetchedPartition> {
    const { topic, partition } = from
    const request = { from: [from], waitMs: 0, bytesMax, partitionBytesMax: bytesMax }
    return this.#retrying(`read partition ${String(partition)} of ${topic}`, options, async () => {
      const leader = await this.leader(topic, partition)
      try {
        const [answer] = await this.fetch(leader, request)
        if (answer === undefined) throw createErrorFromCode(LEADER_NOT_AVAILABLE)
        if (answer.error !== null) throw answer.error
        return answer
      } catch (error) {
        if (isTransient(error)) this.#options.metadata.forget(topic)
        throw error
      }
    })
  }

  /** What the partitions hold, in the order given. One question to each leader; LOG_TOPIC_UNKNOWN, LOG_UNAVAILABLE. */
  offsets(topic: string, partitions: readonly number[], options: CallOptions = {}): Promise<readonly OffsetRange[]> {
    return this.#retrying(`ask what ${topic} holds`, options, async () => {
      try {
        const leaders = await Promise.all(partitions.map((partition) => this.leader(topic, partition)))
        const byLeader = Map.groupBy(partitions, (_, index) => leaders[index] ?? -1)
        const answers = await Promise.all([...byLeader].map(([leader, own]) => ranges(this.broker(leader), topic, own)))
        const held = new Map(answers.flat().map((range) => [range.partition, range]))
        return partitions.map((partition) => held.get(partition) ?? { partition, earliest: 0, next: 0 })
      } catch (error) {
        if (isTransient(error)) this.#options.metadata.forget(topic)
        throw error
      }
    })
  }

  /** Per partition the first offset whose record has the time (ms) or a later one; null where there is none. As `offsets` otherwise. */
  offsetsAt(topic: string, partitions: readonly number[], timestampMs: number): Promise<readonly (number | null)[]> {
    return this.#retrying(`look for a time in ${topic}`, {}, async () => {
      try {
        const leaders = await Promise.all(partitions.map((partition) => this.leader(topic, partition)))
        const byLeader = Map.groupBy(partitions, (_, index) => leaders[index] ?? -1)
        const found = new Map<number, number>()
        const asking = [...byLeader].map(async ([leader, own]) => {
          const offsets = await listOffsets(this.broker(leader), topic, {
            partitions: own,
            timestamp: String(timestampMs),
          })
          own.forEach((partition, index) => found.set(partition, offsets[index] ?? -1))
        })
        await Promise.all(asking)
        return partitions.map((partition) => {
          const offset = found.get(partition) ?? -1
          return offset < 0 ? null : offset
        })
      } catch (error) {
        if (isTransient(error)) this.#options.metadata.forget(topic)
        throw error
      }
    })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const connection of this.#connections.values()) connection.close()
    this.#options.onClose(this)
  }

  async #retrying<T>(doing: string, options: CallOptions, attempt: () => Promise<T>): Promise<T> {
    const { timeoutMs = limits.kafkaCallTimeoutMs, signal } = options
    const retries = { clock: this.clock, doing, timeoutMs, ...(signal === undefined ? {} : { signal }) }
    return await withRetries(retries, async () => {
      try {
        return await attempt()
      } catch (error) {
        // A connection that is closed under a request looks like a network that fails.
        if (this.#closed) throw new MeshgateError('LOG_CLOSED', 'The log has been closed.', error)
        throw error
      }
    })
  }

  async #findCoordinator(group: string): Promise<number> {
    const answer = await (await this.#anyBroker()).send('GroupCoordinator', { groupId: group, coordinatorType: 0 })
    throwIfFailed(answer)
    const { nodeId } = answer.coordinator
    if (!this.#options.metadata.brokers.has(nodeId)) await this.#options.metadata.refresh()
    this.#coordinators.set(group, nodeId)
    return nodeId
  }

  async #anyBroker(): Promise<BrokerConnection> {
    const { metadata } = this.#options
    const connected = [...this.#connections].find(([nodeId, each]) => !each.closed && metadata.brokers.has(nodeId))
    if (connected !== undefined) return connected[1]
    await metadata.refresh()
    return this.broker(
      metadata.brokers.has(metadata.controllerId) ? metadata.controllerId : ([...metadata.brokers.keys()][0] ?? -1),
    )
  }

  async #outOfRange(nodeId: number, at: FetchedPartition, offset: number): Promise<Error> {
    try {
      const held = await range(this.broker(nodeId), at.topic, at.partition)
      return outOfRangeError({ topic: at.topic, partition: at.partition, offset }, held)
    } catch (error) {
      return error instanceof Error ? error : toMeshgateError(error, `read ${at.topic}`)
    }
  }
}

const LEADER_NOT_AVAILABLE = 5
/** LISTENER_NOT_FOUND: the leader is not among the brokers that we are told of. It passes with the next metadata. */
const BROKER_NOT_KNOWN = 72

export function outOfRangeError(
  at: { topic: string; partition: number; offset: number },
  held: OffsetRange,
): MeshgateError {
  const where = `offset ${String(at.offset)} of ${at.topic} partition ${String(at.partition)}`
  const range = `${String(held.earliest)} up to ${String(held.next)}`
  return new MeshgateError(
    'LOG_OFFSET_OUT_OF_RANGE',
    `There is no ${where}; it holds ${range}. Start anew from the earliest offset.`,
  )
}

async function range(broker: BrokerConnection, topic: string, partition: number): Promise<OffsetRange> {
  const [only] = await ranges(broker, topic, [partition])
  return only ?? { partition, earliest: 0, next: 0 }
}

/** Of partitions that the broker leads. */
async function ranges(
  broker: BrokerConnection,
  topic: string,
  partitions: readonly number[],
): Promise<readonly OffsetRange[]> {
  const [earliest, next] = await Promise.all(
    [EARLIEST, LATEST].map((timestamp) => listOffsets(broker, topic, { partitions, timestamp })),
  )
  return partitions.map((partition, index) => ({
    partition,
    earliest: earliest?.[index] ?? 0,
    next: next?.[index] ?? 0,
  }))
}

/** Of partitions that the broker leads: the offset at the time (ms, or one of the names above), -1 where there is none. */
async function listOffsets(
  broker: BrokerConnection,
  topic: string,
  { partitions, timestamp }: { readonly partitions: readonly number[]; readonly timestamp: string },
): Promise<readonly number[]> {
  const { responses } = await broker.send('ListOffsets', {
    isolationLevel: READ_COMMITTED,
    topics: [{ topic, partitions: partitions.map((partition) => ({ partition, timestamp })) }],
  })
  const answers = new Map(responses[0]?.partitions.map((answer) => [answer.partition, answer]))
  return partitions.map((partition) => {
    const answer = answers.get(partition)
    throwIfFailed(answer ?? { errorCode: UNKNOWN })
    return Number(answer?.offset)
  })
}

const UNKNOWN = -1
