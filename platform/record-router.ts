// Spreads the records of one append over the partitions of a topic, and puts their positions back into the order given: what every
// EventLog does with them before it writes.
import { MeshgateError } from './errors.ts'
import { limits } from './limits.ts'
import { partitionOfKey } from './partitioner.ts'
import type { AppendRecord, Position } from './ports/event-log.ts'

export interface RoutedTopic {
  readonly name: string
  readonly partitionCount: number
  /** The partition of the next record without a key. */
  nextUnkeyed: number
}

export interface RouteOptions {
  /** What a record takes beside its content. */
  readonly recordOverheadBytes: number
  /** A part that would pass this becomes two; a record alone may be larger. */
  readonly partBytesMax: number
}

/** Records of one partition that are written together. */
export interface RoutedPart {
  readonly partition: number
  readonly records: AppendRecord[]
  bytes: number
}

export interface RoutedRecords {
  readonly parts: readonly RoutedPart[]
  readonly bytes: number
  /** The position of every record, in the order given, from the first offset of every part. */
  positions(firstOffsets: readonly number[]): readonly Position[]
}

/** LOG_RECORD_TOO_LARGE, LOG_TOPIC_MISMATCH where a record names a partition that is not there. */
export function routeRecords(
  topic: RoutedTopic,
  records: readonly AppendRecord[],
  options: RouteOptions,
): RoutedRecords {
  const parts: RoutedPart[] = []
  const partOf: (number | undefined)[] = []
  const route: number[] = []
  let bytes = 0
  let at = -1
  for (const record of records) {
    at += 1
    const content = contentBytes(record)
    if (content > limits.recordBytesMax) throw tooLarge(topic.name, at, content)
    const size = options.recordOverheadBytes + content
    const partition = partitionOf(topic, record)
    let index = partOf[partition] ?? -1
    let part = parts[index]
    if (part === undefined || part.bytes + size > options.partBytesMax) {
      part = { partition, records: [], bytes: 0 }
      index = parts.push(part) - 1
      partOf[partition] = index
    }
    part.records.push(record)
    part.bytes += size
    bytes += size
    route.push(index)
  }
  const positions = (firstOffsets: readonly number[]): readonly Position[] => {
    const next = [...firstOffsets]
    return route.map((index) => {
      const offset = next[index] ?? 0
      next[index] = offset + 1
      return { topic: topic.name, partition: parts[index]?.partition ?? 0, offset }
    })
  }
  return { parts, bytes, positions }
}

/** Bytes of a record's content, which `limits.recordBytesMax` bounds. */
function contentBytes(record: AppendRecord): number {
  const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0)
  return record.headers === undefined ? bytes : bytes + headerBytes(record.headers)
}

function headerBytes(headers: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const name of Object.keys(headers)) {
    bytes += 8 + Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '')
  }
  return bytes
}

function partitionOf(topic: RoutedTopic, record: AppendRecord): number {
  if (record.partition !== undefined) {
    if (record.partition < 0 || record.partition >= topic.partitionCount) throw noPartition(topic, record.partition)
    return record.partition
  }
  if (record.key !== null) return partitionOfKey(record.key, topic.partitionCount)
  const partition = topic.nextUnkeyed % topic.partitionCount
  topic.nextUnkeyed = partition + 1
  return partition
}

function tooLarge(topic: string, at: number, bytes: number): MeshgateError {
  const sizes = `${String(bytes)} bytes, more than the ${String(limits.recordBytesMax)} allowed`
  return new MeshgateError(
    'LOG_RECORD_TOO_LARGE',
    `Record ${String(at)} for ${topic} has ${sizes}. Send smaller records.`,
  )
}

function noPartition(topic: RoutedTopic, partition: number): MeshgateError {
  const held = `it has ${String(topic.partitionCount)}`
  return new MeshgateError('LOG_TOPIC_MISMATCH', `Topic ${topic.name} has no partition ${String(partition)}: ${held}.`)
}
