// The SDL of a subgraph that may just be starting, as it is where all roles are started at once: asked until it answers, for a bounded time.
import { retryWhileAway } from '../platform/await-server.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { Terminal } from './command-context.ts'
import { fetchSdl } from './fetch-sdl.ts'

export interface SdlPatience {
  readonly waitMs: number
  readonly clock: Clock
  readonly terminal: Terminal
  /** Ends the waiting, with its reason. */
  readonly stop: AbortSignal
}

/** Rejects with the last failure once the time is over, at once with what no waiting mends. */
export async function awaitSdl(name: string, url: string, patience: SdlPatience): Promise<string> {
  const { waitMs, clock, terminal, stop } = patience
  const sinceMs = clock.monotonic()
  let told = false
  const onFailure = (error: unknown): void => {
    if (clock.monotonic() - sinceMs >= waitMs) throw error
    if (!told) terminal.report(`Waiting up to ${waitMs / 1_000} s for subgraph "${name}" at ${url}.\n`)
    told = true
  }
  return retryWhileAway(() => fetchSdl(name, url), { clock, signal: stop, onFailure })
}
