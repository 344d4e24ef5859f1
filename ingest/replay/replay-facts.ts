// What is known of replays: facts in the compacted topic `mesh.replays`. A request is one fact, which partitions have been set back for it,
// where the re-keyed topics stood then, and that it is done are further ones. The offset of the request makes its generation, so no two
// replays share one. A product's replays run one after the other, in the order of their requests.
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import { limits } from '../../platform/limits.ts'
import { REPLAYS_TOPIC } from '../internal-topics.ts'

/** Records of a partition that are read again: offsets `from` (inclusive) to `until` (exclusive). */
export interface ReplayRange {
  readonly topic: string
  readonly partition: number
  readonly from: number
  /** Where the group stood when the replay was asked for: what lies behind is ingested for the first time. */
  readonly until: number
}

export interface ReplayRequest {
  readonly id: string
  /** `domain/name`. */
  readonly product: string
  /** As it was asked for: `earliest`, a time or a position. */
  readonly from: string
  /** Only those with something to do. */
  readonly ranges: readonly ReplayRange[]
  /** ISO 8601. */
  readonly requestedAt: string
  readonly requestedBy: string | null
}

export interface Replay extends ReplayRequest {
  /** Of the changes of its records. */
  readonly generation: number
  /** `topic:partition` of those whose group position has been set back. */
  readonly rewound: ReadonlySet<string>
  /** By source topic: the ends of its re-keyed topic once all of the range had been re-keyed. */
  readonly rekeyedEnds: ReadonlyMap<string, readonly number[]>
  /** ISO 8601; null while it runs. */
  readonly doneAt: string | null
  /** Given up before its end: positions stay where they are. */
  readonly abandoned: boolean
}

type Fact =
  | {
      readonly kind: 'request'
      readonly request: ReplayRequest
      readonly generation?: number
      readonly doneAt?: string
      readonly abandoned?: boolean
    }
  | { readonly kind: 'rewound'; readonly id: string; readonly topic: string; readonly partition: number }
  | { readonly kind: 'rekeyed'; readonly id: string; readonly topic: string; readonly ends: readonly number[] }

interface Known extends Replay {
  readonly rewound: Set<string>
  readonly rekeyedEnds: Map<string, readonly number[]>
}

/** The facts that a process has read. One reader at a time; `refresh` calls that overlap share what they read. */
export class ReplayFacts {
  readonly #log: EventLog
  readonly #replays = new Map<string, Known>()
  #next = 0
  #reading: Promise<void> = Promise.resolve()
  #queued: Promise<void> | null = null

  constructor(log: EventLog) {
    this.#log = log
  }

  /** Everything that was in the topic when called is known when it resolves. Rejects as the log does. */
  refresh(): Promise<void> {
    this.#queued ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#queued = null
        this.#reading = this.#read()
        return this.#reading
      })
    return this.#queued
  }

  /** In the order of their requests. */
  all(): readonly Replay[] {
    return [...this.#replays.values()].toSorted((left, right) => left.generation - right.generation)
  }

  /** The one that runs, else the newest; null where there is none. Its range decides the generation of changes. */
  current(product: string): Replay | null {
    const own = this.all().filter((replay) => replay.product === product)
    return own.find(({ doneAt }) => doneAt === null) ?? own.at(-1) ?? null
  }

  async #read(): Promise<void> {
    const [range] = await this.#log.offsets(REPLAYS_TOPIC)
    const end = range?.next ?? 0
    let offset = Math.max(this.#next, range?.earliest ?? 0)
    while (offset < end) {
      const position = { topic: REPLAYS_TOPIC, partition: 0, offset }
      const records = await this.#log.read(position, limits.replayFactsReadRecords)
      for (const record of records) this.#add(record)
      // None: compaction has left nothing up to the end.
      offset = (records.at(-1)?.offset ?? end - 1) + 1
      this.#next = offset
    }
  }

  #add({ key, value, offset }: LogRecord): void {
    if (value === null) {
      this.#replays.delete(Buffer.from(key ?? []).toString())
      return
    }
    const fact = JSON.parse(Buffer.from(value).toString()) as Fact
    if (fact.kind === 'request') {
      const { request, generation = offset + 1, doneAt = null, abandoned = false } = fact
      const known = this.#replays.get(request.id)
      const rewound = known?.rewound ?? new Set<string>()
      const rekeyedEnds = known?.rekeyedEnds ?? new Map<string, readonly number[]>()
      this.#replays.set(request.id, { ...request, generation, rewound, rekeyedEnds, doneAt, abandoned })
      return
    }
    const replay = this.#replays.get(fact.id)
    if (fact.kind === 'rewound') replay?.rewound.add(rangeName(fact))
    else replay?.rekeyedEnds.set(fact.topic, fact.ends)
  }
}

export function rangeName({ topic, partition }: Pick<ReplayRange, 'topic' | 'partition'>): string {
  return `${topic}:${partition}`
}

export async function appendRequest(log: EventLog, request: ReplayRequest): Promise<void> {
  await append(log, request.id, { kind: 'request', request })
}

export async function appendRewound(log: EventLog, { id }: Replay, { topic, partition }: ReplayRange): Promise<void> {
  await append(log, `${id}/${topic}:${partition}`, { kind: 'rewound', id, topic, partition })
}

export async function appendRekeyed(
  log: EventLog,
  { id }: Replay,
  topic: string,
  ends: readonly number[],
): Promise<void> {
  await append(log, `${id}/${topic}`, { kind: 'rekeyed', id, topic, ends })
}

export async function appendDone(log: EventLog, replay: Replay, doneAt: string, abandoned = false): Promise<void> {
  const { id, product, from, ranges, requestedAt, requestedBy, generation } = replay
  const request = { id, product, from, ranges, requestedAt, requestedBy }
  await append(log, id, { kind: 'request', request, generation, doneAt, abandoned })
}

/** Of a request that lost, or a replay that is long done. */
export async function forget(log: EventLog, replay: ReplayRequest): Promise<void> {
  const keys = [
    replay.id,
    ...replay.ranges.map((range) => `${replay.id}/${rangeName(range)}`),
    ...new Set(replay.ranges.map(({ topic }) => `${replay.id}/${topic}`)),
  ]
  await log.append(
    REPLAYS_TOPIC,
    keys.map((key) => ({ key: Buffer.from(key), value: null })),
  )
}

async function append(log: EventLog, key: string, fact: Fact): Promise<void> {
  await log.append(REPLAYS_TOPIC, [{ key: Buffer.from(key), value: Buffer.from(JSON.stringify(fact)) }])
}
