// Turns the appends of one group commit into bytes: offsets and append times are given here, in the order of the appends.
import { limits } from '../../limits.ts'
import type { AppendRecord } from '../../ports/event-log.ts'
import type { EncodedCommit } from './active-segment.ts'
import { writeFrame } from './frame.ts'

export interface CommitStart {
  /** Where in the file the commit begins. */
  readonly position: number
  readonly next: number
  readonly lastTimestampUs: number
  readonly nowUs: number
}

/** `bytes` is the exact length of all frames. */
export function encodeCommit(
  appends: readonly { readonly records: readonly AppendRecord[] }[],
  bytes: number,
  start: CommitStart,
): EncodedCommit {
  const frames = Buffer.allocUnsafeSlow(bytes)
  const marks: [number, number][] = []
  let at = 0
  let offset = start.next
  let nextMarkAt = 0
  // Strictly increasing, also when the clock stands still or goes back: then it runs ahead by microseconds until the clock has caught up.
  let timestampUs = Math.max(start.lastTimestampUs + 1, start.nowUs)
  const firstTimestampUs = timestampUs
  for (const { records } of appends) {
    for (const record of records) {
      if (at >= nextMarkAt) {
        marks.push([offset, start.position + at])
        nextMarkAt = at + limits.logIndexIntervalBytes
      }
      at = writeFrame(frames, at, record, { commitStart: start.position, offset, timestampUs })
      offset += 1
      timestampUs += 1
    }
  }
  return { frames, first: start.next, next: offset, firstTimestampUs, lastTimestampUs: timestampUs - 1, marks }
}
