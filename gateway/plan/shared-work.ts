// Work that several requests wait for: done once, given up when all of them have left.
export interface SharedWork<Result> {
  /** Rejects with the signal's reason as soon as it aborts. */
  wait(signal: AbortSignal | undefined): Promise<Result>
  /** Calls back as soon as nobody can join any more: done, failed or given up. */
  onSettled(settled: () => void): void
}

/** The signal given to `work` aborts when nobody waits any more. */
export function shareWork<Result>(work: (signal: AbortSignal) => Promise<Result>): SharedWork<Result> {
  const abandoned = new AbortController()
  const result = work(abandoned.signal)
  // Each who waits hears of it; all of them may have left.
  result.catch(() => undefined)
  let waiting = 0
  return {
    onSettled: (settled) => {
      abandoned.signal.addEventListener('abort', settled, { once: true })
      result.then(settled, settled)
    },
    wait: (signal) => {
      waiting++
      if (signal === undefined) return result
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          waiting--
          if (waiting === 0) abandoned.abort(signal.reason)
          reject(signal.reason as Error)
        }
        if (signal.aborted) return leave()
        signal.addEventListener('abort', leave, { once: true })
        result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
      })
    },
  }
}
