// The subscriptions that run in a subgraph, so that closing it ends them with a reason.
import type { MeshgateError } from '../../platform/errors.ts'
import { noticingEnd } from './noticing-end.ts'
import type { SubscriptionStart } from './run-subscription.ts'

type Started = Extract<SubscriptionStart, { kind: 'started' }>

export interface RunningSubscriptions {
  /** The same subscription, forgotten when it ends; the signal ends it. */
  add(started: Started, signal: AbortSignal | undefined): Promise<Started>
  failAll(failure: MeshgateError): void
}

/** `onActive` is told how many run whenever that changes. */
export function createRunningSubscriptions(onActive: (active: number) => void = () => undefined): RunningSubscriptions {
  const running = new Set<Started>()
  return {
    async add(started, signal) {
      const end = (): void => void responses.return?.()
      const responses = noticingEnd(started.responses, () => {
        if (running.delete(started)) onActive(running.size)
        signal?.removeEventListener('abort', end)
      })
      running.add(started)
      onActive(running.size)
      if (signal?.aborted === true) await responses.return?.()
      else signal?.addEventListener('abort', end, { once: true })
      return { ...started, responses }
    },
    failAll(failure) {
      for (const started of running) started.fail(failure)
    },
  }
}
