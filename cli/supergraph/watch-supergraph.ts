// Looks at the source of the supergraph again and again, and hands every new one over. One that cannot be served, or read, is told of once and
// leaves the one before in service; health says why all the while. Owns the looking.
import type { Logger } from 'pino'
import type { Clock } from '../../platform/ports/clock.ts'
import { supergraphId, type SupergraphSource } from './supergraph-source.ts'

export interface SupergraphState {
  /** Of the one in service. */
  readonly id: string
  /** Why what is at the source now is not in service; null where it is. */
  readonly problem: string | null
  /** When it, or what is refused in its place, was last read from the source: milliseconds since 1970. */
  readonly seenAtMs: number
}

export interface SupergraphWatch {
  readonly state: () => SupergraphState
  /** Looks at once, whatever seems to have changed. */
  reload(): void
  close(): Promise<void>
}

/** A copy in service, since the source could not be read. */
export interface StaleSupergraph {
  readonly why: string
  readonly seenAtMs: number
}

export interface SupergraphWatchOptions {
  readonly source: SupergraphSource
  /** In service. */
  readonly supergraphSdl: string
  /** It is a copy: why, and since when. Absent: it has just been read. */
  readonly stale?: StaleSupergraph | null
  /** The source could be read: what is in service may be what it has. Never rejects. */
  readonly onSeen?: () => Promise<void>
  /** Puts it in the place of the one in service. Rejects where it cannot be served; the one before then still is. */
  readonly replace: (supergraphSdl: string) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
  readonly onOutcome?: (outcome: 'replaced' | 'refused' | 'unreadable') => void
  /** Called whenever it has changed. */
  readonly onState?: (state: SupergraphState) => void
}

export function watchSupergraph(options: SupergraphWatchOptions): SupergraphWatch {
  const watch = new Watch(options)
  return {
    state: () => watch.state,
    reload: () => watch.reload(),
    close: () => watch.close(),
  }
}

class Watch {
  readonly #options: SupergraphWatchOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #id: string
  #refused: { readonly id: string; readonly problem: string } | null = null
  #unreadable: string | null = null
  #failures = 0
  #seenAtMs: number
  #isAsked = false
  #wake: () => void = () => undefined

  constructor(options: SupergraphWatchOptions) {
    this.#options = options
    this.#id = supergraphId(options.supergraphSdl)
    const { stale = null, clock } = options
    this.#seenAtMs = stale?.seenAtMs ?? clock.now()
    if (stale !== null) this.#unreadable = this.#unreadableFor(stale.why)
    this.#running = this.#run()
  }

  get state(): SupergraphState {
    return { id: this.#id, problem: this.#unreadable ?? this.#refused?.problem ?? null, seenAtMs: this.#seenAtMs }
  }

  reload(): void {
    this.#isAsked = true
    this.#wake()
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('The supergraph is not watched any more.'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    for (;;) {
      await this.#pause()
      if (signal.aborted) return
      const anyway = this.#isAsked
      this.#isAsked = false
      const before = this.state
      await this.#look(anyway)
      const { id, problem } = this.state
      if (id !== before.id || problem !== before.problem) this.#options.onState?.(this.state)
    }
  }

  async #pause(): Promise<void> {
    if (this.#isAsked) return
    const { source, clock } = this.#options
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    const pauseMs = Math.min(source.pollMs * 2 ** this.#failures, source.pollMsMax)
    await clock.sleep(pauseMs, AbortSignal.any([this.#stop.signal, woken.signal])).catch(() => undefined)
    this.#wake = () => undefined
  }

  /** Never rejects. */
  async #look(anyway: boolean): Promise<void> {
    const { source } = this.#options
    const { signal } = this.#stop
    let text: string | null
    try {
      text = await source.read(anyway, signal)
    } catch (error) {
      if (!signal.aborted) this.#tellUnreadable(error)
      return
    }
    this.#unreadable = null
    this.#failures = 0
    this.#seenAtMs = this.#options.clock.now()
    if (text !== null && !signal.aborted) await this.#serve(text, anyway)
    if (this.#refused === null) await this.#options.onSeen?.()
  }

  async #serve(text: string, anyway: boolean): Promise<void> {
    const { source, replace, logger, onOutcome } = this.#options
    const id = supergraphId(text)
    if (id === this.#id) {
      this.#refused = null
      return
    }
    // It has been told of. Asked for, it is tried again: what it lacked may be there now.
    if (id === this.#refused?.id && !anyway) return
    try {
      await replace(text)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const problem = `the supergraph ${id} of ${source.name} is refused, and ${this.#id} is served: ${why}`
      this.#refused = { id, problem }
      onOutcome?.('refused')
      logger.error(
        { err: error, supergraph: this.#id, refused: id },
        'A new supergraph is refused. The one before is served.',
      )
      return
    }
    const before = this.#id
    this.#id = id
    this.#refused = null
    onOutcome?.('replaced')
    logger.info({ supergraph: id, before }, `A new supergraph of ${source.name} is served.`)
  }

  #unreadableFor(why: string): string {
    const seen = new Date(this.#seenAtMs).toISOString()
    return `the supergraph cannot be read, and ${this.#id} is served, last seen there at ${seen}: ${why}`
  }

  #tellUnreadable(error: unknown): void {
    const { source, logger, onOutcome } = this.#options
    const why = error instanceof Error ? error.message : String(error)
    this.#failures = Math.min(this.#failures + 1, BACKOFF_DOUBLINGS_MAX)
    const problem = this.#unreadableFor(why)
    if (this.#unreadable === problem) return
    this.#unreadable = problem
    onOutcome?.('unreadable')
    logger.warn(
      { err: error, supergraph: this.#id },
      `The supergraph cannot be read from ${source.name}. It is tried again.`,
    )
  }
}

/** Beyond them the longest pause is reached, and numbers would only grow. */
const BACKOFF_DOUBLINGS_MAX = 10
