// Spreads the records of one append over the partitions, and puts their positions back into the order given.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { partitionOfKey } from '../../partitioner.ts'
import type { AppendRecord, Position } from '../../ports/event-log.ts'
import { FRAME_BYTES_MIN, contentBytes } from './frame.ts'
import type { PartitionLog } from './partition-log.ts'
import type { Topic } from './topic.ts'

interface Part {
  readonly log: PartitionLog
  readonly records: AppendRecord[]
  /** Of all frames. */
  bytes: number
}

export interface RoutedRecords {
  readonly parts: readonly Part[]
  readonly bytes: number
  /** The position of every record, in the order given, from the first offset of every part. */
  positions(firstOffsets: readonly number[]): readonly Position[]
}

export function routeRecords(topic: Topic, records: readonly AppendRecord[]): RoutedRecords {
  const { name } = topic.definition
  const parts: Part[] = []
  const partOf: (number | undefined)[] = []
  const route: number[] = []
  let bytes = 0
  for (const [at, record] of records.entries()) {
    const content = contentBytes(record)
    if (content > limits.recordBytesMax) throw tooLarge(name, at, content)
    const partition = partitionOf(topic, record)
    let index = partOf[partition]
    if (index === undefined) {
      const log = topic.partitions[partition]
      if (log === undefined) throw noPartition(topic, partition)
      index = parts.push({ log, records: [], bytes: 0 }) - 1
      partOf[partition] = index
    }
    const part = parts[index]
    if (part === undefined) continue
    part.records.push(record)
    part.bytes += FRAME_BYTES_MIN + content
    bytes += FRAME_BYTES_MIN + content
    route.push(index)
  }
  const positions = (firstOffsets: readonly number[]): readonly Position[] => {
    const next = [...firstOffsets]
    return route.map((index) => {
      const offset = next[index] ?? 0
      next[index] = offset + 1
      return { topic: name, partition: parts[index]?.log.partition ?? 0, offset }
    })
  }
  return { parts, bytes, positions }
}

function partitionOf(topic: Topic, record: AppendRecord): number {
  if (record.partition !== undefined) return record.partition
  if (record.key !== null) return partitionOfKey(record.key, topic.partitions.length)
  const partition = topic.nextUnkeyed
  topic.nextUnkeyed = (partition + 1) % topic.partitions.length
  return partition
}

function tooLarge(topic: string, at: number, bytes: number): MeshgateError {
  const sizes = `${String(bytes)} bytes, more than the ${String(limits.recordBytesMax)} allowed`
  return new MeshgateError(
    'LOG_RECORD_TOO_LARGE',
    `Record ${String(at)} for ${topic} has ${sizes}. Send smaller records.`,
  )
}

function noPartition(topic: Topic, partition: number): MeshgateError {
  const held = `it has ${String(topic.partitions.length)}`
  return new MeshgateError(
    'LOG_TOPIC_MISMATCH',
    `Topic ${topic.definition.name} has no partition ${String(partition)}: ${held}.`,
  )
}
