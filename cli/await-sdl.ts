// Answers of subgraphs that may just be starting, as it is where all roles are started at once: asked until they come, for a bounded time.
import { retryWhileAway } from '../platform/await-server.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { Terminal } from './command-context.ts'
import { fetchSdl } from './fetch-sdl.ts'
import { fetchSubgraphList, type ListedSubgraph } from './subgraph-list.ts'

export interface SdlPatience {
  readonly waitMs: number
  readonly clock: Clock
  readonly terminal: Terminal
  /** Ends the waiting, with its reason. */
  readonly stop: AbortSignal
}

/** Rejects with the last failure once the time is over, at once with what no waiting mends. */
export function awaitSdl(name: string, url: string, patience: SdlPatience): Promise<string> {
  return awaitAnswer(`subgraph "${name}" at ${url}`, () => fetchSdl(name, url), patience)
}

/** The subgraphs that a `meshgate subgraph` serves; rejects as `awaitSdl` does. */
export function awaitSubgraphList(origin: string, patience: SdlPatience): Promise<readonly ListedSubgraph[]> {
  return awaitAnswer(`the subgraphs at ${origin}`, () => fetchSubgraphList(origin), patience)
}

async function awaitAnswer<T>(what: string, ask: () => Promise<T>, patience: SdlPatience): Promise<T> {
  const { waitMs, clock, terminal, stop } = patience
  const sinceMs = clock.monotonic()
  let told = false
  const onFailure = (error: unknown): void => {
    if (clock.monotonic() - sinceMs >= waitMs) throw error
    if (!told) terminal.report(`Waiting up to ${waitMs / 1_000} s for ${what}.\n`)
    told = true
  }
  return retryWhileAway(ask, { clock, signal: stop, onFailure })
}
