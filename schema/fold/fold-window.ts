// The windows of time that a contribution belongs to, aligned to 1970 in UTC. Sessions are no windows of a row's own: session-fold.ts.
import { dateTimeText } from '../emit/record-time.ts'
import type { Derivation } from '../model.ts'
import type { Row } from '../row.ts'
import { schemaLimits } from '../schema-limits.ts'
import { ExpressionFailure } from './fold-expression.ts'

/** Window of a group: its begin as a part of the group's text, and the fields that hold its bounds. */
export interface TimeWindow {
  readonly start: string
  readonly row: Row
}

export type WindowsOf = (timeMs: number) => readonly TimeWindow[]

/** Null: groups are not told apart by time, or only by sessions. */
export function compileWindows(derivation: Derivation): WindowsOf | null {
  const { window, windowStartField, windowEndField } = derivation
  if (window === null || window.kind === 'session') return null
  const everyMs = window.kind === 'tumbling' ? window.sizeMs : window.everyMs
  const { sizeMs } = window
  const windowAt = (startMs: number): TimeWindow => {
    const [start, end] = [timeText(startMs), timeText(startMs + sizeMs)]
    const row: Record<string, string> = {}
    if (windowStartField !== null) row[windowStartField] = start
    if (windowEndField !== null) row[windowEndField] = end
    return { start, row }
  }
  // Rows mostly come in the order of time: many in the same windows.
  let lastMs = Number.NaN
  let windows: readonly TimeWindow[] = []
  return (timeMs) => {
    const latestMs = Math.floor(timeMs / everyMs) * everyMs
    const earliestMs = latestMs - Math.max(0, Math.ceil((sizeMs - (timeMs - latestMs)) / everyMs) - 1) * everyMs
    if (timeMs >= latestMs + sizeMs) return []
    if (earliestMs === lastMs && windows.length === (latestMs - earliestMs) / everyMs + 1) return windows
    if ((latestMs - earliestMs) / everyMs >= schemaLimits.foldGroupsOfRowMax)
      throw new ExpressionFailure('@window', `a row is in more than ${schemaLimits.foldGroupsOfRowMax} windows`)
    const found: TimeWindow[] = []
    for (let startMs = earliestMs; startMs <= latestMs; startMs += everyMs) found.push(windowAt(startMs))
    lastMs = earliestMs
    windows = found
    return found
  }
}

export function timeText(ms: number): string {
  const text = dateTimeText(ms)
  if (text === null) throw new ExpressionFailure('@window', 'a window goes beyond the years 0 to 9999')
  return text
}
