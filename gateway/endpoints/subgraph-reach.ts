// Whether a subgraph over the network can be reached: asked at intervals, and at once when a request to it has failed. Says in the log when
// it goes away and when it is back, once each, however many requests fail in between, and how many failed while it answered. It is the circuit breaker too: what keeps failing, this
// question included, is not asked by clients until it answers; the question is the trial, so no client's request is. Owns the asking.
import type { Logger } from 'pino'
import { MeshgateError } from '../../platform/errors.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { SubgraphEndpoint } from '../../platform/ports/subgraph-endpoint.ts'
import type { SubgraphReachability } from '../gateway-observer.ts'

const QUESTION = '{ __typename }'

export class SubgraphReach {
  readonly #endpoint: SubgraphEndpoint
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #awaySinceMs: number | null = null
  #reason = ''
  /** In a row, with no answer in between. */
  #failures = 0
  /** Requests that failed and that the log has not told of. */
  #untold = 0
  #lastFailure: unknown = null
  #toldMs = Number.NEGATIVE_INFINITY
  #askNow: () => void = () => undefined

  constructor(endpoint: SubgraphEndpoint, ports: { readonly clock: Clock; readonly logger: Logger }) {
    this.#endpoint = endpoint
    this.#clock = ports.clock
    this.#logger = ports.logger
    this.#running = this.#run()
  }

  get state(): SubgraphReachability {
    const { name } = this.#endpoint
    if (this.#awaySinceMs === null) return { name, reachable: true }
    return { name, reachable: false, reason: this.#reason, ...(this.#isOpen ? { circuit: 'open' } : {}) }
  }

  /** Why requests to it are refused without being sent: the circuit is open. */
  refusal(): MeshgateError | null {
    if (!this.#isOpen) return null
    return new MeshgateError('SUBGRAPH_UNAVAILABLE', `${this.#reason} It is not asked again until it answers a probe.`)
  }

  answered(): void {
    this.#failures = 0
  }

  /** A request to it failed. Whether it is away is found out here. */
  failed(error: unknown): void {
    if (!this.isAbsence(error)) {
      // A reason of the client's says nothing; any other error is an answer of sorts.
      if (error instanceof MeshgateError) this.answered()
      return
    }
    this.#failures += 1
    if (this.#awaySinceMs !== null) return
    this.#untold += 1
    this.#lastFailure = error
    this.#askNow()
  }

  /** Other failures are the caller's to tell. */
  isAbsence(error: unknown): boolean {
    return (
      error instanceof MeshgateError && (error.code === 'SUBGRAPH_UNAVAILABLE' || error.code === 'SUBGRAPH_TIMEOUT')
    )
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('The gateway has let the subgraph go.'))
    await this.#running
  }

  /** Requests alone do not open it: a few that are slow at a time say nothing of the rest. Nor does one lost probe. */
  get #isOpen(): boolean {
    return this.#awaySinceMs !== null && this.#failures >= limits.subgraphFailuresMax
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#ask()
      await this.#pause()
    }
  }

  async #ask(): Promise<void> {
    const { signal } = this.#stop
    const patience = AbortSignal.any([signal, AbortSignal.timeout(limits.subgraphProbeTimeoutMs)])
    try {
      await this.#endpoint.execute({ query: QUESTION, principal: ANONYMOUS, signal: patience })
    } catch (error) {
      if (!signal.aborted) this.#away(error)
      return
    }
    this.#back()
  }

  /** Ends early when a request fails: whoever looks should soon see it. */
  async #pause(): Promise<void> {
    const pause = new AbortController()
    const asked = AbortSignal.any([this.#stop.signal, pause.signal])
    this.#askNow = () => pause.abort()
    const pauseMs = this.#awaySinceMs === null ? limits.subgraphProbeIntervalMs : limits.subgraphProbeAwayIntervalMs
    await this.#clock.sleep(pauseMs, asked).catch(() => undefined)
  }

  #away(error: unknown): void {
    this.#reason = reasonOf(error, this.#endpoint.name)
    this.#failures += 1
    if (this.#awaySinceMs !== null) return
    this.#awaySinceMs = this.#clock.monotonic()
    this.#untold = 0
    const { name: subgraph } = this.#endpoint
    this.#logger.warn({ subgraph, err: error }, `${this.#reason} It is tried again until it is back.`)
  }

  #back(): void {
    this.#failures = 0
    if (this.#awaySinceMs === null) return this.#tellFailures()
    const { name: subgraph } = this.#endpoint
    const awayMs = Math.round(this.#clock.monotonic() - this.#awaySinceMs)
    this.#awaySinceMs = null
    this.#logger.info({ subgraph, awayMs }, `Subgraph "${subgraph}" is back.`)
  }

  /** It is there, so nothing else would tell of them. One line for all since the last, at most as often as it is asked. */
  #tellFailures(): void {
    const nowMs = this.#clock.monotonic()
    if (this.#untold === 0 || nowMs - this.#toldMs < limits.subgraphProbeIntervalMs) return
    const { name: subgraph } = this.#endpoint
    const requests = this.#untold === 1 ? 'a request' : `${this.#untold} requests`
    const message = `Subgraph "${subgraph}" answers probes but failed ${requests}: ${reasonOf(this.#lastFailure, subgraph)}`
    this.#logger.warn({ subgraph, failures: this.#untold, err: this.#lastFailure }, message)
    this.#untold = 0
    this.#toldMs = nowMs
  }
}

function reasonOf(error: unknown, name: string): string {
  if (error instanceof MeshgateError) {
    const { cause } = error
    const detail = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : ''
    return `${error.message.replace(/\.$/, '')}${detail}.`
  }
  return `Subgraph "${name}" did not answer in time.`
}
