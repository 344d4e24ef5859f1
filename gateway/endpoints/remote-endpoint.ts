// A subgraph over the network as the engine has it: not asked while it is out of reach, and equal requests sent once. Closes the endpoint
// and the watch over it.
import type { Logger } from 'pino'
import type { Clock } from '../../platform/ports/clock.ts'
import type {
  SubgraphEndpoint,
  SubgraphRequest,
  SubgraphResponse,
  WireRequest,
  WireResponse,
} from '../../platform/ports/subgraph-endpoint.ts'
import type { SubgraphReachability } from '../gateway-observer.ts'
import { principalKey } from '../principal-view.ts'
import type { Sharing } from '../sharing.ts'
import { HttpEndpoint, type HttpEndpointOptions } from './http-endpoint.ts'
import { InFlightRequests } from './in-flight-requests.ts'
import { SubgraphReach } from './subgraph-reach.ts'
import { exchangeBy, refuseCall, type WireCaller } from './wire-caller.ts'

export interface RemoteEndpointOptions extends HttpEndpointOptions {
  readonly sharing: Sharing
  readonly clock: Clock
  readonly logger: Logger
}

/** CONFIG_INVALID where a URL is none. */
export class RemoteEndpoint implements SubgraphEndpoint {
  readonly name: string
  /** It is not told who asks. Of one that is told, nobody knows which parts of a principal its policies name. */
  readonly ignoresPrincipal: boolean
  readonly #endpoint: HttpEndpoint
  readonly #reach: SubgraphReach
  readonly #requests: InFlightRequests

  constructor(options: RemoteEndpointOptions) {
    this.name = options.name
    this.ignoresPrincipal = options.assert === undefined
    this.#endpoint = new HttpEndpoint(options)
    this.#reach = new SubgraphReach(this.#endpoint, options)
    this.#requests = new InFlightRequests(this.#guarded(), options.sharing, (principal) =>
      this.ignoresPrincipal ? '' : principalKey(principal),
    )
  }

  get state(): SubgraphReachability {
    return this.#reach.state
  }

  /** Whether a failure says that it is away, which is told once, by who watches it. */
  isAbsence(error: unknown): boolean {
    return this.#reach.isAbsence(error)
  }

  execute(request: SubgraphRequest): Promise<SubgraphResponse> {
    return this.#guard(() => this.#endpoint.execute(request))
  }

  exchange(request: WireRequest): Promise<WireResponse> {
    return exchangeBy(this.#requests, request)
  }

  subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse>> {
    return this.#guard(() => this.#endpoint.subscribe(request))
  }

  async close(): Promise<void> {
    await this.#reach.close()
    await this.#endpoint.close()
  }

  #guarded(): WireCaller {
    return {
      begin: (request, settle) => {
        const refusal = this.#reach.refusal()
        if (refusal !== null) return refuseCall(refusal, settle)
        return this.#endpoint.begin(request, (error, response) => {
          this.#tell(response === null ? error : null)
          settle(error, response)
        })
      },
    }
  }

  async #guard<Result>(ask: () => Promise<Result>): Promise<Result> {
    const refusal = this.#reach.refusal()
    if (refusal !== null) throw refusal
    try {
      const result = await ask()
      this.#tell(null)
      return result
    } catch (error) {
      this.#tell(error)
      throw error
    }
  }

  #tell(error: unknown): void {
    if (error === null) this.#reach.answered()
    else this.#reach.failed(error)
  }
}
