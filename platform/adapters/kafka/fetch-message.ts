// The Fetch message (version 11): kafkajs encodes the request, the answer is decoded here, straight into records of the port.
import Decoder from 'kafkajs/src/protocol/decoder.js'
import { requests } from 'kafkajs/src/protocol/requests/index.js'
import type Connection from 'kafkajs/src/network/connection.js'
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import { MeshgateError } from '../../errors.ts'
import type { LogRecord } from '../../ports/event-log.ts'
import { asDecoded } from './kafka-messages.ts'
import { decodeRecords } from './record-batch-reader.ts'
import type { AbortedTransaction } from './record-batch-reader.ts'

/** Kafka 2.3 and later; the newest that kafkajs encodes. */
const FETCH_VERSION = 11
/** Records of transactions under way or aborted are not seen. */
export const READ_COMMITTED = 1

export interface FetchFrom {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface FetchRequest {
  readonly from: readonly FetchFrom[]
  /** How long the broker waits for records of so many bytes, by default for a first one. */
  readonly waitMs: number
  readonly bytesMin?: number
  /** Of the whole answer, and of each partition; a larger first batch comes all the same. */
  readonly bytesMax: number
  readonly partitionBytesMax: number
}

/** What a broker answered for one partition. */
export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  /** Of this partition alone: what the broker told, or what is wrong with the bytes. */
  readonly error: Error | null
  readonly records: readonly LogRecord[]
  /** Where to fetch next: behind what came, gaps and transaction marks included. */
  readonly nextOffset: number
  /** First offset held, -1 where unknown. */
  readonly earliest: number
  /** Behind the last record that readers may see. */
  readonly end: number
}

export function encodeFetch(request: FetchRequest): Connection.Message {
  const definition = requests['Fetch']
  if (definition === undefined) throw new TypeError('kafkajs has no message Fetch')
  const topics = request.from.map(({ topic, partition, offset }) => ({
    topic,
    partitions: [{ partition, fetchOffset: String(offset), maxBytes: request.partitionBytesMax }],
  }))
  const message = definition.protocol({ version: FETCH_VERSION })({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: request.waitMs,
    minBytes: request.bytesMin ?? 1,
    maxBytes: request.bytesMax,
    topics: [...merged(topics)],
    rackId: '',
  })
  return { ...message, response: { decode: async (payload) => decodeFetch(payload, request.from), parse: asDecoded } }
}

interface TopicRequest {
  readonly topic: string
  readonly partitions: { readonly partition: number; readonly fetchOffset: string; readonly maxBytes: number }[]
}

/** Neighbours of one topic together. The order stays the caller's: the broker fills the answer in this order. */
function* merged(topics: readonly TopicRequest[]): Generator<TopicRequest> {
  let last: TopicRequest | null = null
  for (const each of topics) {
    if (last !== null && last.topic === each.topic) {
      last.partitions.push(...each.partitions)
      continue
    }
    if (last !== null) yield last
    last = each
  }
  if (last !== null) yield last
}

/**
 * throttleMs int32, error int16, session int32, topics: name, partitions: partition int32, error int16, highWatermark int64,
 * lastStable int64, logStart int64, aborted: producer int64, first int64, preferredReplica int32, records bytes.
 */
function decodeFetch(
  payload: Buffer,
  from: readonly FetchFrom[],
): { clientSideThrottleTime: number; partitions: FetchedPartition[] } {
  const decoder = new Decoder(payload)
  const clientSideThrottleTime = decoder.readInt32()
  const errorCode = decoder.readInt16()
  decoder.readInt32()
  const asked = new Map(from.map((each) => [`${each.topic}:${String(each.partition)}`, each.offset]))
  const partitions = decoder.readArray(() => {
    const topic = decoder.readString() ?? ''
    return decoder.readArray(() => decodePartition(decoder, topic, asked))
  })
  if (errorCode !== 0) {
    const error = createErrorFromCode(errorCode)
    return { clientSideThrottleTime, partitions: from.map((each) => ({ ...nothing(each), error })) }
  }
  return { clientSideThrottleTime, partitions: partitions.flat() }
}

function decodePartition(decoder: Decoder, topic: string, asked: ReadonlyMap<string, number>): FetchedPartition {
  const partition = decoder.readInt32()
  const errorCode = decoder.readInt16()
  decoder.readInt64()
  const end = Number(decoder.readInt64())
  const earliest = Number(decoder.readInt64())
  const aborted = decoder.readArray((): AbortedTransaction => ({
    producerId: decoder.readInt64(),
    firstOffset: Number(decoder.readInt64()),
  }))
  decoder.readInt32()
  const size = decoder.readInt32()
  const bytes = size > 0 ? decoder.readBytes(size) : Buffer.alloc(0)
  const offset = asked.get(`${topic}:${String(partition)}`) ?? 0
  const fetched = { ...nothing({ topic, partition, offset }), earliest, end }
  if (errorCode !== 0) return { ...fetched, error: createErrorFromCode(errorCode) }
  try {
    const { records, nextOffset } = decodeRecords(bytes, offset, aborted)
    return { ...fetched, records, nextOffset: Math.max(offset, nextOffset ?? offset) }
  } catch (error) {
    const where = `${topic} partition ${String(partition)} from offset ${String(offset)}`
    const reason = error instanceof Error ? error.message : String(error)
    return { ...fetched, error: new MeshgateError('LOG_CORRUPT', `Kafka: cannot decode ${where}: ${reason}`, error) }
  }
}

function nothing({ topic, partition, offset }: FetchFrom): FetchedPartition {
  return { topic, partition, error: null, records: [], nextOffset: offset, earliest: -1, end: -1 }
}
