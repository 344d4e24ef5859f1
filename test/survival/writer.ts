// Posts items to ingest as a user's service does: each post again until it is acknowledged, so that the records of an item stay in order.
import { setTimeout as pause } from 'node:timers/promises'
import { seededInteger } from '../seeded-random.ts'
import { SHELVES, type Item } from './survival-product.ts'

const KEYS = 40
const RECORDS_PER_POST_MAX = 6
const DELETED_ONE_IN = 9
const POST_PAUSE_MS_MAX = 60
/** Against hanging. */
const REQUEST_MS_MAX = 60_000

export interface Record {
  readonly id: string
  /** Null: deleted. */
  readonly item: Item | null
}

export class Writer {
  /** In the order of each item. */
  readonly acknowledged: Record[] = []
  /** Posts that were refused or not answered. */
  repeated = 0
  readonly #url: string
  readonly #random: (below: number) => number
  #rank = 0
  #stopped = false
  #running: Promise<void> | null = null

  constructor(url: string, seed: number) {
    this.#url = url
    this.#random = seededInteger(seed)
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Rejects with what went wrong. The last post has been acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const records = Array.from({ length: 1 + this.#random(RECORDS_PER_POST_MAX) }, () => this.#next())
      while (!(await this.#post(records))) {
        this.repeated += 1
        await pause(POST_PAUSE_MS_MAX)
      }
      this.acknowledged.push(...records)
      await pause(this.#random(POST_PAUSE_MS_MAX))
    }
  }

  #next(): Record {
    const id = `item-${this.#random(KEYS)}`
    const shelf = SHELVES[this.#random(SHELVES.length)] ?? ''
    const isDeleted = this.#random(DELETED_ONE_IN) === 0
    this.#rank += 1
    return { id, item: isDeleted ? null : { id, shelf, rank: this.#rank } }
  }

  async #post(records: readonly Record[]): Promise<boolean> {
    const headers = { 'content-type': 'application/vnd.kafka.json.v2+json' }
    const body = JSON.stringify({ records: records.map(({ id, item }) => ({ key: id, value: item })) })
    const signal = AbortSignal.timeout(REQUEST_MS_MAX)
    const response = await fetch(this.#url, { method: 'POST', headers, body, signal }).catch(() => null)
    if (response !== null && response.status >= 400 && response.status < 500) {
      throw new Error(`ingest answered ${response.status}: ${await response.text()}`)
    }
    await response?.arrayBuffer().catch(() => undefined)
    return response?.ok === true
  }
}
