// The Clock port: time and waiting come in as a parameter, so that tests own them.

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds, never going back, of no fixed origin. */
  monotonic(): number
  /** Resolves after `ms`; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
