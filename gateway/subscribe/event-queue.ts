// The events that wait for one client: bounded, in order, ended once. Owns nothing but them. Its consumer iterates, or gives a sink that events are
// written to as they come: while the sink has room, none waits. A client that wants only the latest of each key has what waits of a key replaced by
// what comes.

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

/** Takes events as they come. */
export interface EventSink<Event> {
  /** False: this one is taken, and no more before it has room. */
  write(event: Event): boolean
  /** Calls back once, when it has room again or nobody reads any more. */
  whenRoom(ready: () => void): void
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
  /** It ends with this error; once. */
  readonly onFailure?: ((error: unknown) => void) | undefined
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
  /** Present while a sink has room and nothing waits. */
  #write: ((event: Event) => void) | null = null
  /** Whoever waits until less waits. */
  #onRoom: (() => void) | null = null
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
    if (this.#write !== null) {
      this.#cursor = cursor ?? this.#cursor
      this.#write(event)
      return
    }
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
    this.#end('completed')
  }

  fail(ending: Ending): void {
    if (this.#ended !== 'open') return this.#end(this.#ended)
    const error = ending(this.#cursor)
    this.#end({ error })
    this.#options.onFailure?.(error)
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
      const taken = this.#take()
      if (taken !== null) return taken
      await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#wake = null
    }
  }

  /** In place of iterating. Resolves when everything is written and the stream has completed; rejects with the error that ends it. */
  async pipeTo(sink: EventSink<Event>): Promise<void> {
    for (;;) {
      const taken = this.#take()
      if (taken === null) await this.#flow(sink)
      else if (taken.done === true) return
      else if (!this.#tryWrite(sink, taken.value)) await new Promise<void>((resolve) => sink.whenRoom(resolve))
    }
  }

  /** At most half of what it may hold waits, or it has ended. */
  get hasRoom(): boolean {
    return this.#ended !== 'open' || this.#waiting.size <= this.#options.eventsMax / 2
  }

  /** Resolves when it has room. One waits at a time. */
  async room(): Promise<void> {
    if (this.hasRoom) return
    await new Promise<void>((resolve) => (this.#onRoom = resolve))
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

  /** What comes is written at once. Resolves when the stream has ended, or the sink was full and has room again. */
  #flow(sink: EventSink<Event>): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#write = null
        this.#wake = null
        resolve()
      }
      this.#write = (event) => {
        if (this.#tryWrite(sink, event)) return
        this.#write = null
        this.#wake = null
        sink.whenRoom(resolve)
      }
    })
  }

  /** A sink that fails ends its own stream and nobody else's. */
  #tryWrite(sink: EventSink<Event>, event: Event): boolean {
    try {
      return sink.write(event)
    } catch (error) {
      this.#waiting.clear()
      this.fail(() => error)
      this.#onReturn()
      return true
    }
  }

  /** Null: nothing waits. Throws what ends it. */
  #take(): IteratorResult<Event, undefined> | null {
    const [first] = this.#waiting
    if (first !== undefined) {
      const [name, { event, replaced }] = first
      this.#waiting.delete(name)
      this.#tellRoom()
      const { conflate } = this.#options
      return { done: false, value: replaced === 0 || conflate === undefined ? event : conflate(event, replaced) }
    }
    const ended = this.#ended
    if (ended === 'open') return null
    if (ended === 'completed') return { done: true, value: undefined }
    this.#ended = 'completed'
    throw ended.error
  }

  #end(how: { readonly error: unknown } | 'completed'): void {
    if (this.#ended === 'open') this.#ended = how
    this.#forgetEnd?.()
    this.#tellRoom()
    this.#wake?.()
  }

  #tellRoom(): void {
    if (this.#onRoom === null || !this.hasRoom) return
    const told = this.#onRoom
    this.#onRoom = null
    told()
  }
}
