// How far ingest is behind per source topic, for whoever appends to one: beyond a limit nothing more is taken, and it is said when to come
// again. What is known is some hundred milliseconds old, and what was let in since is added to it.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'

interface Known {
  /** Records that waited when it was looked. */
  readonly lag: number
  readonly lookedMs: number
  /** Records a second that ingest took between the last two looks; null before there were two. */
  readonly rate: number | null
}

interface State {
  known: Known | null
  looking: Promise<void> | null
  /** Let in since the look that `known` is of began, and since the one under way began. */
  admitted: number
  admittedDuringLook: number
}

export interface TopicBacklogOptions {
  readonly clock: Clock
  /** Records of a source topic that are not yet ingested. */
  readonly lagOf: (topic: string) => Promise<number>
  /** Default `limits.topicLagRecordsMax`. */
  readonly recordsMax?: number
}

export class TopicBacklog {
  readonly #options: TopicBacklogOptions
  readonly #recordsMax: number
  readonly #states = new Map<string, State>()

  constructor(options: TopicBacklogOptions) {
    this.#options = options
    this.#recordsMax = options.recordsMax ?? limits.topicLagRecordsMax
  }

  /** INGEST_BEHIND where too many records of the topic wait already. */
  async admit(topic: string, records: number): Promise<void> {
    const state = this.#stateOf(topic)
    if (this.#isStale(state)) state.looking ??= this.#look(topic, state)
    if (state.known === null) await state.looking
    const waiting = (state.known?.lag ?? 0) + state.admitted
    if (waiting >= this.#recordsMax) {
      const seconds = this.retryAfterSeconds(topic)
      const message = `${waiting} records of ${topic} wait to be ingested, more than ${this.#recordsMax}. Nothing was taken: send them again in ${seconds} s.`
      throw new MeshgateError('INGEST_BEHIND', message)
    }
    state.admitted += records
    state.admittedDuringLook += records
  }

  /** When there should be room again, by how fast ingest was of late. */
  retryAfterSeconds(topic: string): number {
    const { known, admitted } = this.#stateOf(topic)
    const excess = (known?.lag ?? 0) + admitted - this.#recordsMax * ROOM_AGAIN
    const rate = known?.rate ?? 0
    const seconds = rate > 0 ? Math.ceil(excess / rate) : limits.retryAfterSecondsUnknown
    return Math.max(1, Math.min(limits.retryAfterSecondsMax, seconds))
  }

  #stateOf(topic: string): State {
    const state = this.#states.get(topic) ?? { known: null, looking: null, admitted: 0, admittedDuringLook: 0 }
    this.#states.set(topic, state)
    return state
  }

  #isStale({ known }: State): boolean {
    return known === null || this.#options.clock.monotonic() - known.lookedMs >= limits.topicLagLookMs
  }

  // A log that cannot be asked says so itself when the records come to it.
  async #look(topic: string, state: State): Promise<void> {
    const { clock, lagOf } = this.#options
    state.admittedDuringLook = 0
    const lag = await lagOf(topic).catch(() => null)
    const lookedMs = clock.monotonic()
    if (lag !== null) {
      const { known } = state
      const taken = known === null ? null : known.lag + state.admitted - state.admittedDuringLook - lag
      const seconds = known === null ? 0 : (lookedMs - known.lookedMs) / 1_000
      state.known = { lag, lookedMs, rate: taken === null || seconds <= 0 ? null : Math.max(0, taken / seconds) }
      state.admitted = state.admittedDuringLook
    }
    state.looking = null
  }
}

/** Share of the limit below which clients are asked back: with every one that is freed a client each would come in vain. */
const ROOM_AGAIN = 0.9
