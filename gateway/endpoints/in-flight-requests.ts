// Requests of one subgraph that are under way, and who waits for each: equal ones are sent once. Who may join is the setting's (sharing.ts).
// The bytes are shared, reading them is each one's own. Keeps nothing once it has been answered.
import { limits } from '../../platform/limits.ts'
import type { Principal } from '../../platform/governance/principal.ts'
import type { WireRequest } from '../../platform/ports/subgraph-endpoint.ts'
import type { Sharing } from '../sharing.ts'
import { nextArrival } from './arrival.ts'
import { forwardedHeaders } from './forwarded-headers.ts'
import type { Cancellable, SettleWire, WireCaller } from './wire-caller.ts'

export class InFlightRequests implements WireCaller {
  readonly #caller: WireCaller
  readonly #sharing: Sharing
  readonly #viewOf: (principal: Principal) => string
  /** The newest of each key: an older one may be joined by nobody who may not join this one. */
  readonly #flights = new Map<string, Flight>()

  /** `viewOf`: what of whoever asks may change an answer, as a line of text. */
  constructor(caller: WireCaller, sharing: Sharing, viewOf: (principal: Principal) => string) {
    this.#caller = caller
    this.#sharing = sharing
    this.#viewOf = viewOf
  }

  /** Requests that others may join now. */
  get size(): number {
    return this.#flights.size
  }

  begin(request: WireRequest, settle: SettleWire): Cancellable {
    if (this.#sharing === 'none' || !mayShare(request)) return this.#caller.begin(request, settle)
    const key = this.#keyOf(request)
    const known = this.#flights.get(key)
    if (known !== undefined && this.#mayJoin(known, request)) return known.join(settle)
    return this.#depart(key, request).join(settle)
  }

  /** Everything that may change the answer. */
  #keyOf({ principal, headers, body }: WireRequest): string {
    // Neither of the first two has a line feed.
    return `${this.#viewOf(principal)}\n${forwardedHeaders(headers).key}\n${body}`
  }

  /** An answer is never older than the client's request unless the setting allows it. */
  #mayJoin(flight: Flight, { arrival }: WireRequest): boolean {
    return this.#sharing !== 'fresh' || flight.departure > arrival
  }

  #depart(key: string, request: WireRequest): Flight {
    const flight = new Flight(this.#caller, request, () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    })
    this.#flights.set(key, flight)
    return flight
  }
}

/** One request under way. Leaving the map and ending are one: nobody joins what has ended or been given up. */
class Flight {
  readonly departure = nextArrival()
  readonly #waiting = new Set<SettleWire>()
  readonly #call: Cancellable
  readonly #onEnd: () => void

  constructor(caller: WireCaller, request: WireRequest, onEnd: () => void) {
    this.#onEnd = onEnd
    this.#call = caller.begin(request, (error, response) => {
      onEnd()
      for (const settle of this.#waiting) settle(error, response)
      this.#waiting.clear()
    })
  }

  join(settle: SettleWire): Cancellable {
    this.#waiting.add(settle)
    return { cancel: (reason) => this.#leave(settle, reason) }
  }

  #leave(settle: SettleWire, reason: unknown): void {
    if (!this.#waiting.delete(settle)) return
    settle(reason, null)
    if (this.#waiting.size > 0) return
    this.#onEnd()
    this.#call.cancel(reason)
  }
}

function mayShare({ isMutation, isAfterMutation, body }: WireRequest): boolean {
  return !isMutation && isAfterMutation !== true && body.length <= limits.sharedRequestCharactersMax
}
