// Changes as they come from the changes topic, with their source taken apart. A record that many subscribers get is decoded once.
import type { Change } from '../../schema/record.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { LogRecord } from '../../platform/ports/event-log.ts'

export interface SourcedChange {
  readonly change: Change
  /** `topic:partition:generation` of the source record. */
  readonly source: string
  readonly sourceOffset: number
}

const decoded = new WeakMap<LogRecord, SourcedChange>()
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** INTERNAL where it is no change: only ingest writes this topic. */
export function changeOf(record: LogRecord, topic: string, partition: number): SourcedChange {
  const known = decoded.get(record)
  if (known !== undefined) return known
  try {
    if (record.value === null) throw new TypeError('a tombstone')
    const sourced = withSource(JSON.parse(utf8.decode(record.value)) as Change)
    decoded.set(record, sourced)
    return sourced
  } catch (error) {
    throw new MeshgateError('INTERNAL', `The record at ${topic}:${partition}:${record.offset} is no change`, error)
  }
}

function withSource(change: Change): SourcedChange {
  const colon = change.source.lastIndexOf(':')
  return {
    change,
    source: `${change.source.slice(0, colon)}:${change.generation}`,
    sourceOffset: Number(change.source.slice(colon + 1)),
  }
}
