// The events that wait for one client: bounded, in order, ended once. Owns nothing but them; its consumer is an async iterator. A client that
// wants only the latest of each key has what waits of a key replaced by what comes.

import type { Clock } from '../../platform/ports/clock.ts'
import { atTime } from '../authenticate/at-time.ts'

/** Where an event stands in the topic of its changes: `[partition, offset]`. */
export type Place = readonly [partition: number, offset: number]

/** An event, and what its subgraph says of it, where it is one of ours. */
export interface QueuedEvent<Event> {
  readonly event: Event
  /** After it. */
  readonly cursor: string | undefined
  /** Of the entity. */
  readonly key?: string | undefined
  readonly at?: Place | undefined
  /** Next offsets after it, by partition. */
  readonly positions?: readonly number[] | undefined
}

export type Ending = (cursor: string | undefined) => unknown

export interface EventQueueOptions<Event> {
  readonly eventsMax: number
  /** Where it stands before its first event. */
  readonly cursor: string | undefined
  /** Makes the error that ends it when it is full. */
  readonly onOverflow: Ending
  /** Nothing more is wanted. Told once. */
  readonly onReturn: () => void
  /** Present: an event replaces the one of its key that waits. Marks that it stands for so many others, too. */
  readonly conflate?: ((event: Event, replaced: number) => Event) | undefined
}

interface Waiting<Event> {
  readonly event: Event
  /** Events of the key that were left out. */
  readonly replaced: number
}

export class EventQueue<Event> implements AsyncIterableIterator<Event> {
  /** In order; by key where the queue conflates, else by itself. */
  readonly #waiting = new Map<unknown, Waiting<Event>>()
  readonly #options: EventQueueOptions<Event>
  /** Whom to tell that nothing more is wanted: its upstream may change. */
  #onReturn: () => void
  #cursor: string | undefined
  #ended: { readonly error: unknown } | 'completed' | 'open' = 'open'
  #wake: (() => void) | null = null
  #forgetEnd: (() => void) | null = null

  constructor(options: EventQueueOptions<Event>) {
    this.#options = options
    this.#onReturn = options.onReturn
    this.#cursor = options.cursor
  }

  /** The one who feeds it from now on. */
  set onReturn(told: () => void) {
    this.#onReturn = told
  }

  /** After the last event that was queued. */
  get cursor(): string | undefined {
    return this.#cursor
  }

  /** What has been queued is still delivered before the error, so the cursor in the error is the last one the client sees. */
  push({ event, cursor, key }: QueuedEvent<Event>): void {
    if (this.#ended !== 'open') return
    const { conflate, eventsMax, onOverflow } = this.#options
    const name = conflate === undefined || key === undefined ? Symbol('event') : key
    const before = this.#waiting.get(name)
    if (before === undefined && this.#waiting.size >= eventsMax) {
      this.fail(onOverflow)
      this.#onReturn()
      return
    }
    // It comes last now: what waits before it has older cursors.
    this.#waiting.delete(name)
    this.#waiting.set(name, { event, replaced: before === undefined ? 0 : before.replaced + 1 })
    if (cursor !== undefined) this.#cursor = cursor
    this.#wake?.()
  }

  /** Where it stands before its first event. */
  mark(cursor: string): void {
    this.#cursor ??= cursor
  }

  complete(): void {
    if (this.#ended === 'open') this.#ended = 'completed'
    this.#forgetEnd?.()
    this.#wake?.()
  }

  fail(ending: Ending): void {
    if (this.#ended === 'open') this.#ended = { error: ending(this.#cursor) }
    this.#forgetEnd?.()
    this.#wake?.()
  }

  /** Fails at that time, unless it has ended before; whoever feeds it is told. */
  endAt(clock: Clock, timeMs: number, ending: Ending): void {
    this.#forgetEnd = atTime(clock, timeMs, () => {
      if (this.#ended !== 'open') return
      this.fail(ending)
      this.#onReturn()
    })
  }

  async next(): Promise<IteratorResult<Event, undefined>> {
    for (;;) {
      const [first] = this.#waiting
      if (first !== undefined) {
        const [name, { event, replaced }] = first
        this.#waiting.delete(name)
        const { conflate } = this.#options
        return { done: false, value: replaced === 0 || conflate === undefined ? event : conflate(event, replaced) }
      }
      const ended = this.#ended
      if (ended === 'completed') return { done: true, value: undefined }
      if (ended !== 'open') {
        this.#ended = 'completed'
        throw ended.error
      }
      await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#wake = null
    }
  }

  async return(): Promise<IteratorResult<Event, undefined>> {
    this.#waiting.clear()
    this.complete()
    this.#onReturn()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
