// Progress of a load: a bar that is redrawn on a terminal, a plain line from time to time elsewhere.
import type { Clock } from '../platform/ports/clock.ts'
import type { Terminal } from './command-context.ts'

const REDRAW_MS = 100
const PLAIN_LINE_MS = 5_000
const BAR_WIDTH_MAX = 40
/** Columns left of and right of the bar: label, count, rate, time. */
const TEXT_WIDTH = 62

export interface ProgressState {
  readonly label: string
  readonly done: number
  /** Null when it is not known. */
  readonly total: number | null
}

export interface Progress {
  update(state: ProgressState): void
  /** Draws the last state for good and goes to the next line. */
  finish(state: ProgressState): void
}

export function createProgress(terminal: Terminal, clock: Clock): Progress {
  const startedAt = clock.monotonic()
  let drawnAt = -Infinity
  const line = (state: ProgressState) => progressLine(state, clock.monotonic() - startedAt, terminal.columns)
  return {
    update: (state) => {
      const now = clock.monotonic()
      if (now - drawnAt < (terminal.interactive ? REDRAW_MS : PLAIN_LINE_MS)) return
      // The first plain line would say that nothing is done yet.
      const first = drawnAt === -Infinity
      drawnAt = now
      if (terminal.interactive) terminal.report(`\r\x1b[K${line(state)}`)
      else if (!first) terminal.report(`${line(state)}\n`)
    },
    finish: (state) => terminal.report(`${terminal.interactive ? '\r\x1b[K' : ''}${line(state)}\n`),
  }
}

/** `sales.orders  ███████░░░  14,000 of 20,530  21,300/s` */
export function progressLine(state: ProgressState, elapsedMs: number, columns: number): string {
  const { label, done, total } = state
  const rate = elapsedMs > 0 ? Math.round((done * 1000) / elapsedMs) : 0
  const counts = total === null ? count(done) : `${count(done)} of ${count(total)}`
  const bar = total === null || total === 0 ? '' : `${drawBar(done / total, columns - TEXT_WIDTH)}  `
  return `${label.padEnd(20)}  ${bar}${counts}  ${count(rate)}/s`
}

function drawBar(fraction: number, columns: number): string {
  const width = Math.max(10, Math.min(BAR_WIDTH_MAX, columns))
  const filled = Math.min(width, Math.floor(fraction * width))
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}

export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 record`, `2,000 records`. */
export function countOf(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}
