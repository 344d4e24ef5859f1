// The events that wait for one client: bounded, in order, ended once. Owns nothing but them; its consumer is an async iterator.

/** An event and the cursor after it, where its subgraph gives one. */
export interface QueuedEvent<Event> {
  readonly event: Event
  readonly cursor: string | undefined
}

export type Ending = (cursor: string | undefined) => unknown

export class EventQueue<Event> implements AsyncIterableIterator<Event> {
  readonly #events: QueuedEvent<Event>[] = []
  readonly #eventsMax: number
  readonly #onOverflow: Ending
  readonly #onReturn: () => void
  #cursor: string | undefined
  #ended: { readonly error: unknown } | 'completed' | 'open' = 'open'
  #wake: (() => void) | null = null

  /** `onOverflow` makes the error that ends it when it is full; `onReturn` is told once that nothing more is wanted. */
  constructor(options: { eventsMax: number; cursor: string | undefined; onOverflow: Ending; onReturn: () => void }) {
    this.#eventsMax = options.eventsMax
    this.#cursor = options.cursor
    this.#onOverflow = options.onOverflow
    this.#onReturn = options.onReturn
  }

  /** What has been queued is still delivered before the error, so the cursor in the error is the last one the client sees. */
  push(queued: QueuedEvent<Event>): void {
    if (this.#ended !== 'open') return
    if (this.#events.length >= this.#eventsMax) {
      this.fail(this.#onOverflow)
      this.#onReturn()
      return
    }
    this.#events.push(queued)
    if (queued.cursor !== undefined) this.#cursor = queued.cursor
    this.#wake?.()
  }

  /** Where it stands before its first event. */
  mark(cursor: string): void {
    this.#cursor ??= cursor
  }

  complete(): void {
    if (this.#ended === 'open') this.#ended = 'completed'
    this.#wake?.()
  }

  fail(ending: Ending): void {
    if (this.#ended === 'open') this.#ended = { error: ending(this.#cursor) }
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<Event, undefined>> {
    for (;;) {
      const queued = this.#events.shift()
      if (queued !== undefined) return { done: false, value: queued.event }
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
    this.#events.length = 0
    this.complete()
    this.#onReturn()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
