// Changes as they come from the changes topic. A record that many subscribers get is decoded once.
import type { Change } from '../../schema/record.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { LogRecord } from '../../platform/ports/event-log.ts'

const decoded = new WeakMap<LogRecord, Change>()
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** INTERNAL where it is no change: only ingest writes this topic. */
export function changeOf(record: LogRecord, at: string): Change {
  const known = decoded.get(record)
  if (known !== undefined) return known
  if (record.value === null) throw new MeshgateError('INTERNAL', `The record at ${at} is no change`)
  let change: Change
  try {
    change = JSON.parse(utf8.decode(record.value)) as Change
  } catch (error) {
    throw new MeshgateError('INTERNAL', `The record at ${at} is no change`, error)
  }
  decoded.set(record, change)
  return change
}
