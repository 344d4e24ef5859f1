// Patience with servers that are away: what may succeed later is tried again with backoff, what cannot (a wrong password) is not.
import { MeshgateError } from './errors.ts'
import { limits } from './limits.ts'
import type { Clock } from './ports/clock.ts'
import type { ServerHealth } from './telemetry/server-health.ts'

export interface Patience {
  readonly clock: Clock
  /** Ends the waiting, with its reason. */
  readonly signal: AbortSignal
  readonly onFailure: (error: unknown) => void
}

/** Rejects with what no waiting mends, or with the signal's reason. */
export async function retryWhileAway<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  const { clock, signal, onFailure } = patience
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof MeshgateError && error.retryable)) throw error
      onFailure(error)
    }
    await clock.sleep(Math.min(limits.serverRetryDelayMsMin * 2 ** attempt, limits.serverRetryDelayMsMax), signal)
  }
}

export interface Waiting {
  readonly health: ServerHealth
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** The server, once it can be opened. */
export async function awaitServer<Server extends { close(): Promise<void> }>(
  open: () => Promise<Server>,
  { health, clock, signal }: Waiting,
): Promise<Server> {
  const server = await retryWhileAway(() => unlessAborted(open(), signal), {
    clock,
    signal,
    onFailure: (error) => health.away(error),
  })
  health.there()
  return server
}

/** Nobody waits for an opening that is given up; what it still opens is closed. */
async function unlessAborted<Server extends { close(): Promise<void> }>(
  opening: Promise<Server>,
  signal: AbortSignal,
): Promise<Server> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([opening, aborted])
  } catch (error) {
    if (signal.aborted) void opening.then((server) => server.close()).catch(() => undefined)
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
