// Where a replay begins, as it is written: `earliest`, a time, or a position.
import { MeshgateError } from '../../platform/errors.ts'
import type { Position } from '../../platform/ports/event-log.ts'

export type ReplayFrom =
  | { readonly kind: 'earliest'; readonly text: string }
  /** Records appended then or later. */
  | { readonly kind: 'time'; readonly text: string; readonly timestampUs: number }
  /** The records of one partition from the offset on. */
  | { readonly kind: 'position'; readonly text: string; readonly position: Position }

const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/
const TIME_BEGINS = /^\d{4}-\d\d-\d\dT\d\d:/
const POSITION = /^([\w.-]{1,249}):(\d{1,9}):(\d{1,15})$/

/** REPLAY_INVALID. */
export function parseReplayFrom(text: string): ReplayFrom {
  if (text === 'earliest') return { kind: 'earliest', text }
  if (TIME.test(text)) {
    const ms = Date.parse(text)
    if (!Number.isNaN(ms) && ms >= 0) return { kind: 'time', text, timestampUs: ms * 1_000 }
  }
  // A time without its zone would pass for a position.
  const [, topic, partition, offset] = TIME_BEGINS.test(text) ? [] : (POSITION.exec(text) ?? [])
  if (topic !== undefined) {
    return { kind: 'position', text, position: { topic, partition: Number(partition), offset: Number(offset) } }
  }
  const message = `"${text}" is no start of a replay. Write earliest, a time with its zone (2026-11-01T00:00:00Z), or a position (topic:partition:offset).`
  throw new MeshgateError('REPLAY_INVALID', message)
}
