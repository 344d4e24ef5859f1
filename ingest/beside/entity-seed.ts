// The scan that seeds new tables with all rows of one entity, page after page, with durable marks of how far it is. Where the topic's
// partitions stood when it began is kept with the marks: what was handled before is in the rows, what comes after is filled from the topic.
import { setImmediate } from 'node:timers/promises'
import { limits } from '../../platform/limits.ts'
import type { Row } from '../../schema/row.ts'
import type { EntityPlan } from '../entity-plan.ts'
import type { FillPorts } from './partition-fill.ts'
import { seedRows, type SeedTables } from './seed-rows.ts'
import type { PartMark } from './table-state.ts'

export interface SeedProgress {
  /** Per partition of the entity's topic: the first record that the rows may lack. */
  readonly starts: readonly number[]
  /** Key of the last row seeded. */
  readonly after: Row | null
  readonly rows: number
}

export interface SeedOptions {
  readonly ports: FillPorts
  /** Of the entity in its live tables, looked up for each page: they may be switched meanwhile. */
  readonly tables: () => Promise<SeedTables>
  /** Consumer group that writes the entity's rows. */
  readonly group: string
  /** Of an attempt before, null for the first. */
  readonly progress: SeedProgress | null
  readonly mark: (mark: PartMark) => Promise<void>
  /** Whether this process may still do it: nobody else had claimed it when it was called. */
  readonly isMine: () => Promise<boolean>
  readonly onProblem: (error: unknown) => void
}

export class EntitySeed {
  readonly #options: SeedOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #progress: SeedProgress | null

  constructor(options: SeedOptions) {
    this.#options = options
    this.#progress = options.progress
    this.#running = this.#run()
  }

  /** Rows seeded so far. */
  get rows(): number {
    return this.#progress?.rows ?? 0
  }

  /** Ends after the page in hand. */
  async close(): Promise<void> {
    this.#stop.abort(new DOMException('The scan is no longer done here.', 'AbortError'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { ports, onProblem } = this.#options
    const { signal } = this.#stop
    for (let delayMs: number = limits.retryDelayMsMin; !signal.aborted;) {
      try {
        await this.#seed()
        return
      } catch (error) {
        if (signal.aborted) return
        onProblem(error)
        await ports.clock.sleep(delayMs, signal).catch(() => undefined)
        delayMs = Math.min(delayMs * 2, limits.retryDelayMsMax)
      }
    }
  }

  async #seed(): Promise<void> {
    const { ports, tables, mark, isMine } = this.#options
    const { signal } = this.#stop
    let progress = this.#progress ?? { starts: await this.#starts(await tables()), after: null, rows: 0 }
    if (this.#progress === null) await mark({ ready: false, progress })
    this.#progress = progress
    for (let markedMs = ports.clock.monotonic(); ;) {
      const seeded = await tables()
      const { after } = progress
      const request = { limit: limits.tableSeedRows, ...(after === null ? {} : { after }) }
      const page = await ports.store.scan(seeded.from.base.name, request)
      signal.throwIfAborted()
      if (!(await isMine())) return
      const keys = page.rows.map((row) => keyIn(seeded.from, row))
      if (keys.length > 0 && !(await seedRows(ports.store, seeded, keys, { signal, isMine }))) return
      this.#progress = progress = { ...progress, after: keys.at(-1) ?? after, rows: progress.rows + keys.length }
      if (!page.more) break
      const nowMs = ports.clock.monotonic()
      if (nowMs - markedMs >= limits.tableFillMarkMs) {
        await mark({ ready: false, progress })
        markedMs = nowMs
      }
      await setImmediate()
    }
    await mark({ ready: true, progress })
  }

  /** Committed: everything before it is in the live rows. */
  async #starts({ from }: SeedTables): Promise<readonly number[]> {
    const { log } = this.#options.ports
    const [committed, ranges] = await Promise.all([
      log.committed(this.#options.group, from.topic),
      log.offsets(from.topic),
    ])
    return ranges.map(({ earliest }, partition) => committed[partition] ?? earliest)
  }
}

function keyIn({ base }: EntityPlan, row: Row): Row {
  const key: Record<string, Row[string]> = {}
  for (const column of base.keyColumns) key[column] = row[column] ?? null
  return key
}
