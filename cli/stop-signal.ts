// Turns the process's signals into one AbortSignal: the first asks for a clean end, which has a bounded time; a second one ends the
// process at once.
import { limits } from '../platform/limits.ts'

/**
 * Signals that arrive together are one: on Ctrl-C the terminal signals the whole process group, and npm and the launcher pass the
 * signal on as well, so that this process meets it up to three times within some milliseconds.
 */
const SAME_SIGNAL_MS = 400
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

function giveUp(signal: keyof typeof EXIT_CODES, waitMs: number): void {
  process.stderr.write(
    `Not closed after ${waitMs / 1_000} s: ended all the same. What was in hand is done again at the next start.\n`,
  )
  process.exit(EXIT_CODES[signal])
}

/** What a command makes of signals; read when one comes. */
export interface SignalUse {
  /** Takes SIGHUP in place of the stop. */
  onHangUp: (() => void) | null
  /** How much longer a clean end may take. */
  drainMs: number
}

export function listenForStop(waitMs: number = limits.shutdownMsMax, use?: SignalUse): AbortSignal {
  const controller = new AbortController()
  let firstAt: number | null = null
  const onSignal = (signal: keyof typeof EXIT_CODES) => {
    if (firstAt === null) {
      firstAt = performance.now()
      controller.abort()
      const patienceMs = waitMs + (use?.drainMs ?? 0)
      setTimeout(() => giveUp(signal, patienceMs), patienceMs).unref()
    } else if (performance.now() - firstAt > SAME_SIGNAL_MS) {
      process.exit(EXIT_CODES[signal])
    }
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', () => {
    const onHangUp = use?.onHangUp ?? null
    if (onHangUp === null) onSignal('SIGHUP')
    else onHangUp()
  })
  // The launcher is gone, even by SIGKILL: nobody could stop this process any more by the id that was started.
  process.on('disconnect', () => onSignal('SIGTERM'))
  process.channel?.unref()
  return controller.signal
}
