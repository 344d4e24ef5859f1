// Turns the process's signals into one AbortSignal: the first asks for a clean end, a second one ends the process at once.

/**
 * Signals that arrive together are one: on Ctrl-C the terminal signals the whole process group, and npm and the launcher pass the
 * signal on as well, so that this process meets it up to three times within some milliseconds.
 */
const SAME_SIGNAL_MS = 400
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

export function listenForStop(): AbortSignal {
  const controller = new AbortController()
  let firstAt: number | null = null
  const onSignal = (signal: keyof typeof EXIT_CODES) => {
    if (firstAt === null) {
      firstAt = performance.now()
      controller.abort()
    } else if (performance.now() - firstAt > SAME_SIGNAL_MS) {
      process.exit(EXIT_CODES[signal])
    }
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  // The launcher is gone, even by SIGKILL: nobody could stop this process any more by the id that was started.
  process.on('disconnect', () => onSignal('SIGTERM'))
  process.channel?.unref()
  return controller.signal
}
