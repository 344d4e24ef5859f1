// Load on a mesh of items while its servers come and go: posts with a serial number in each record, queries, and looks at health. A writer
// has keys of its own and one process that it posts to, and repeats a post until it is taken, as a user's client does.
import { setTimeout as pause } from 'node:timers/promises'
import { seededInteger } from '../seeded-random.ts'
import type { Item } from './item-mesh.ts'
import type { ItemProcesses } from './item-processes.ts'

const WRITERS = 4
const KEYS_PER_WRITER = 5
const RECORDS_PER_POST = 10
const SHELVES = 5
const POST_PAUSE_MS = 40
const QUERY_PAUSE_MS = 25
const LOOK_PAUSE_MS = 250
/** Against hanging: more than a gateway or an ingest process waits for its servers. */
const REQUEST_MS_MAX = 60_000

/** What was answered, since the outcomes were last taken: how often, and the first answer's time and text of each kind. */
export interface Outcomes {
  /** By `200`, or status and code: `503 LOG_UNAVAILABLE`. */
  readonly posts: Readonly<Record<string, number>>
  /** By `right`, a code of an error, or what was wrong. */
  readonly queries: Readonly<Record<string, number>>
  /** By status and reasons, without times. */
  readonly health: Readonly<Record<string, number>>
  /** One message of each kind of refusal. */
  readonly messages: Readonly<Record<string, string>>
}

export class ItemLoad {
  /** Serial numbers of each key that were acknowledged, in order. */
  readonly acknowledged = new Map<string, number[]>()
  readonly #mesh: ItemProcesses
  readonly #random: (below: number) => number
  readonly #seen = new Map<string, number>()
  readonly #running: Promise<unknown>
  #serial = 0
  #stopped = false
  #outcomes = emptyOutcomes()

  constructor(mesh: ItemProcesses, seed: number) {
    this.#mesh = mesh
    this.#random = seededInteger(seed)
    const writers = Array.from({ length: WRITERS }, (_, writer) => this.#write(writer))
    this.#running = Promise.all([...writers, this.#query(), ...mesh.ingests.map((url) => this.#look(url))])
  }

  /** Posts acknowledged so far. */
  get acknowledgedCount(): number {
    return [...this.acknowledged.values()].reduce((sum, serials) => sum + serials.length, 0)
  }

  takeOutcomes(): Outcomes {
    const taken = this.#outcomes
    this.#outcomes = emptyOutcomes()
    return taken
  }

  /** What was begun is ended: the last posts are acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #write(writer: number): Promise<void> {
    const url = `${this.#mesh.ingests[writer % this.#mesh.ingests.length] ?? ''}/topics/${this.#mesh.topic}`
    while (!this.#stopped) {
      const items = Array.from({ length: RECORDS_PER_POST }, () => this.#nextItem(writer))
      while (!(await this.#post(url, items))) await pause(POST_PAUSE_MS)
      for (const { id, rank } of items) {
        const serials = this.acknowledged.get(id) ?? []
        serials.push(rank)
        this.acknowledged.set(id, serials)
      }
      await pause(POST_PAUSE_MS)
    }
  }

  #nextItem(writer: number): Item {
    this.#serial += 1
    const id = `item-${String(writer)}-${String(this.#random(KEYS_PER_WRITER))}`
    return { id, shelf: `shelf-${String(this.#random(SHELVES))}`, rank: this.#serial }
  }

  async #post(url: string, items: readonly Item[]): Promise<boolean> {
    const headers = { 'content-type': 'application/vnd.kafka.json.v2+json' }
    const body = JSON.stringify({ records: items.map((value) => ({ value })) })
    const { status, answer } = await ask(url, { method: 'POST', headers, body })
    const { code, message = '' } = answer as { code?: string; message?: string }
    const kind = status === 200 ? '200' : `${String(status)} ${code ?? ''}`
    count(this.#outcomes.posts, kind)
    if (status !== 200) this.#outcomes.messages[kind] ??= message
    return status === 200
  }

  /** Of a key, what a query has seen once no later query may have lost. */
  async #query(): Promise<void> {
    while (!this.#stopped) {
      await pause(QUERY_PAUSE_MS)
      const keys = [...this.acknowledged.keys()]
      const id = keys[this.#random(Math.max(1, keys.length))]
      if (id === undefined) continue
      const before = this.#seen.get(id) ?? 0
      const { answer } = await ask(`${this.#mesh.gateway}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: `{ item(id: "${id}") { id rank } }` }),
      })
      const { data, errors } = answer as Answer
      const [error] = errors ?? []
      const rank = data?.item?.rank ?? 0
      if (error !== undefined) {
        const kind = String(error.extensions?.code)
        count(this.#outcomes.queries, kind)
        this.#outcomes.messages[kind] ??= error.message
      } else count(this.#outcomes.queries, rank >= before ? 'right' : `${id}: ${String(rank)} after ${String(before)}`)
      this.#seen.set(id, Math.max(rank, before))
    }
  }

  async #look(url: string): Promise<void> {
    while (!this.#stopped) {
      const { status, answer } = await ask(`${url}/health/ready`, {})
      const { reasons = [] } = answer as { reasons?: readonly string[] }
      count(this.#outcomes.health, [String(status), ...reasons.map(withoutTime)].join(' '))
      await pause(LOOK_PAUSE_MS)
    }
  }
}

interface Answer {
  readonly data?: { readonly item?: { readonly rank: number } | null } | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}

type Writable<T> = {
  -readonly [Name in keyof T]: Record<string, T[Name] extends Readonly<Record<string, infer V>> ? V : never>
}

function emptyOutcomes(): Writable<Outcomes> {
  return { posts: {}, queries: {}, health: {}, messages: {} }
}

function count(counts: Record<string, number>, kind: string): void {
  counts[kind] = (counts[kind] ?? 0) + 1
}

function withoutTime(reason: string): string {
  return reason.replace(/ since \S+$/, '')
}

async function ask(url: string, init: RequestInit): Promise<{ readonly status: number; readonly answer: unknown }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_MS_MAX) })
    return { status: response.status, answer: await response.json() }
  } catch (error) {
    return { status: 0, answer: { code: String(error), message: String(error) } }
  }
}
