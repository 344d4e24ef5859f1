// A subscription as an async iterator. Events wait in a bounded queue: where the consumer falls behind, the stream is closed and resumed from
// its cursor once they are taken.
import { asError } from './stream-failure.ts'
import type { EventSink, StreamEvent } from './stream-types.ts'

/** What the iterator needs of the subscription behind it. */
export interface Iterated {
  readonly cursor: string | undefined
  delivered(cursor: string): void
  pause(): void
  resume(): void
  close(): void
}

const DONE = { value: undefined, done: true } as const

/** `start` begins the subscription. */
export function iterateEvents(
  start: (sink: EventSink) => Iterated,
  waitingEventsMax: number,
): AsyncIterableIterator<StreamEvent> {
  const waiting: StreamEvent[] = []
  let ending: { readonly error: unknown } | 'completed' | null = null
  let paused = false
  let handedOut: StreamEvent | null = null
  let wake: (() => void) | null = null
  const awake = (): void => {
    wake?.()
    wake = null
  }
  const end = (how: { readonly error: unknown } | 'completed'): void => {
    ending ??= how
    awake()
  }
  const subscription: Iterated = start({
    next: (event) => {
      waiting.push(event)
      awake()
      if (waiting.length < waitingEventsMax || paused) return
      paused = true
      if (subscription.cursor !== undefined) return subscription.pause()
      subscription.close()
      end({ error: new Error(`More than ${waitingEventsMax} events wait, and there is no cursor to get them again.`) })
    },
    error: (error) => end({ error }),
    complete: () => end('completed'),
  })
  const take = (): StreamEvent | undefined => {
    const event = waiting.shift()
    if (paused && waiting.length === 0) {
      paused = false
      subscription.resume()
    }
    return event
  }
  const iterator: AsyncIterableIterator<StreamEvent> = {
    async next() {
      // Whoever asks for the next has done with the one before.
      const cursor = handedOut?.extensions?.cursor
      handedOut = null
      if (cursor !== undefined) subscription.delivered(cursor)
      for (;;) {
        const event = take()
        if (event !== undefined) {
          handedOut = event
          return { value: event, done: false }
        }
        if (ending === 'completed') return DONE
        if (ending !== null) {
          const { error } = ending
          ending = 'completed'
          throw asError(error)
        }
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    async return() {
      waiting.length = 0
      subscription.close()
      end('completed')
      return DONE
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}
