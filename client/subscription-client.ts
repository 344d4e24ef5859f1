// A client whose subscriptions go on after a lost connection, whatever they are carried by.
import { iterateEvents } from './iterate-events.ts'
import { ResumingSubscription } from './resuming-subscription.ts'
import type { EventSink, OpenStream, StreamEvent, SubscriptionRequest, Unsubscribe } from './stream-types.ts'
import { WAITING_EVENTS_MAX, type SubscriptionOptions } from './subscription-options.ts'

/** `subscribe` and `iterate` as of graphql-ws, so that links and hooks written for that take it. */
export interface SubscriptionClient {
  /**
   * Delivers every event once and in order. The sink's `error` is given the gateway's errors as an array, or what the connection failed with,
   * where the subscription cannot go on; `complete` where the gateway has completed it.
   */
  subscribe<Data = Record<string, unknown>>(
    request: SubscriptionRequest,
    sink: EventSink<Data>,
    options?: SubscriptionOptions,
  ): Unsubscribe
  /** Throws what `error` would be given. An event counts as delivered once the next one is asked for. */
  iterate<Data = Record<string, unknown>>(
    request: SubscriptionRequest,
    options?: SubscriptionOptions,
  ): AsyncIterableIterator<StreamEvent<Data>>
}

export function createSubscriptionClient(open: OpenStream, defaults: SubscriptionOptions): SubscriptionClient {
  return {
    subscribe(request, sink, options = {}) {
      const subscription = new ResumingSubscription(
        open,
        request,
        {
          next: (event) => {
            try {
              // Whoever subscribes says what its operation gives.
              sink.next(event as Parameters<typeof sink.next>[0])
            } catch (error) {
              // A fault of the sink's is none of the stream's: the platform reports it as it does any other.
              queueMicrotask(() => {
                throw error
              })
            }
            const cursor = event.extensions?.cursor
            if (cursor !== undefined) subscription.delivered(cursor)
          },
          error: (error) => sink.error(error),
          complete: () => sink.complete(),
        },
        { ...defaults, ...options },
      )
      subscription.start()
      const unsubscribe = (): void => subscription.close()
      return Object.defineProperty(unsubscribe, 'cursor', { get: () => subscription.cursor }) as Unsubscribe
    },
    iterate(request, options = {}) {
      const chosen = { ...defaults, ...options }
      const events = iterateEvents((sink) => {
        const subscription = new ResumingSubscription(open, request, sink, chosen)
        // A stream may fail as it opens, when the iterator does not stand yet.
        queueMicrotask(() => subscription.start())
        return subscription
      }, chosen.waitingEventsMax ?? WAITING_EVENTS_MAX)
      return events as AsyncIterableIterator<StreamEvent<never>>
    },
  }
}
