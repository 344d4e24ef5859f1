// Whole answers in flight, joined by requests that are equal in all that may change them. Owns what is in flight: an answer's work is aborted
// when the last who waits for it has left, and never because one has. Nothing is kept once it is answered.
import { limits } from '../../platform/limits.ts'

export interface Seat<Answer> {
  /** Null: not to be shared, each asks alone. */
  readonly answer: Promise<Answer | null>
  /** Once. */
  leave(): void
}

/** The signal aborts when nobody waits any more. */
type Work<Answer> = (signal: AbortSignal) => Promise<Answer | null>

export interface SharedAnswers<Answer> {
  /** Answers of one scope (the engine of the moment) are not joined from another. Null where too much is in flight. */
  join(scope: object, key: string, work: Work<Answer>): Seat<Answer> | null
}

export function createSharedAnswers<Answer>(): SharedAnswers<Answer> {
  let scope: object | null = null
  let flights = new Map<string, Flight<Answer>>()
  return {
    join: (current, key, work) => {
      if (scope !== current) {
        scope = current
        flights = new Map()
      }
      const known = flights.get(key)
      if (known !== undefined) return known.join()
      if (flights.size >= limits.sharedQueriesMax) return null
      const own = flights
      const flight = new Flight(work, () => {
        if (own.get(key) === flight) own.delete(key)
      })
      own.set(key, flight)
      flight.start()
      return flight.join()
    },
  }
}

class Flight<Answer> implements Seat<Answer> {
  readonly #work: Work<Answer>
  readonly #onEnd: () => void
  readonly #abort = new AbortController()
  #waiting = 0
  #answer: Promise<Answer | null> = Promise.resolve(null)

  constructor(work: Work<Answer>, onEnd: () => void) {
    this.#work = work
    this.#onEnd = onEnd
  }

  start(): void {
    this.#answer = this.#work(this.#abort.signal)
    this.#answer.then(this.#onEnd, this.#onEnd)
  }

  get answer(): Promise<Answer | null> {
    return this.#answer
  }

  join(): this {
    this.#waiting++
    return this
  }

  leave(): void {
    this.#waiting--
    if (this.#waiting > 0) return
    this.#onEnd()
    this.#abort.abort(new Error('All clients have left.'))
  }
}
