// How the parts of an endpoint hand requests to one another before the port's promise and signal are made of them: callbacks, since what is
// shared, guarded and repeated would else cost promises, controllers and listeners at every step.
import type { WireRequest, WireResponse } from '../../platform/ports/subgraph-endpoint.ts'

/** Called once; `response` is null where there is an error. */
export type SettleWire = (error: unknown, response: WireResponse | null) => void

export interface Cancellable {
  /** Settles with the reason; without effect where it has settled. */
  cancel(reason: unknown): void
}

export interface WireCaller {
  /** Never settles before it returns. The request's signal is the caller's to follow. */
  begin(request: WireRequest, settle: SettleWire): Cancellable
}

const NOTHING_TO_CANCEL: Cancellable = { cancel: () => undefined }

/** For whoever refuses at once. */
export function refuseCall(error: unknown, settle: SettleWire): Cancellable {
  queueMicrotask(() => settle(error, null))
  return NOTHING_TO_CANCEL
}

/** `SubgraphEndpoint.exchange` by a caller. */
export function exchangeBy(caller: WireCaller, request: WireRequest): Promise<WireResponse> {
  const { signal } = request
  if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
  return new Promise((resolve, reject) => {
    const onAbort = (): void => call.cancel(signal?.reason)
    const call = caller.begin(request, (error, response) => {
      signal?.removeEventListener('abort', onAbort)
      if (response === null) reject(error)
      else resolve(response)
    })
    signal?.addEventListener('abort', onAbort)
  })
}
