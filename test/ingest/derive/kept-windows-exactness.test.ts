// Windows that are kept for a time only, wherever processes die: also while windows are closed, and while rows come too late. What is closed stays as
// it was, everything else is the fold over the rows that are visible.
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Ingest } from '../../../ingest/main.ts'
import type { AppendRecord } from '../../../platform/ports/event-log.ts'
import { cellText } from '../../../schema/row.ts'
import { seededInteger } from '../../seeded-random.ts'
import { openPorts, visibleRows, type TestPorts } from '../open-ports.ts'
import type { Random } from '../random-things.ts'
import {
  AheadClock,
  DAY_MS,
  heldRows,
  hitRecord,
  HOUR_MS,
  hoursOf,
  hourTexts,
  removalOf,
  startHits,
  type Hit,
} from './hits-mesh.ts'
import { MortalPorts } from './mortal-ports.ts'

const SEEDS = (process.env['MESHGATE_TEST_SEEDS'] ?? '1,2,3').split(',').map(Number)
const ROUNDS = 3
const LIVES = 4
const SITES = 6

class Run {
  readonly clock = new AheadClock()
  readonly ports: TestPorts
  /** Rows of windows that are closed. */
  readonly closed = new Map<string, string>()
  readonly #random: Random
  #round = 0

  constructor(ports: TestPorts, clock: AheadClock, random: Random) {
    this.ports = ports
    this.clock = clock
    this.#random = random
  }

  /** Hits of the round, corrected, moved and removed; and what comes too late. */
  some(): AppendRecord[] {
    const random = this.#random
    return Array.from({ length: 1 + random(15) }, () => {
      const round = random(4) === 0 ? random(this.#round + 1) : this.#round
      const id = `${round}-${random(25)}`
      if (random(8) === 0) return removalOf(id)
      const [site, atMs] = this.#place(round < this.#round && random(2) === 0)
      return hitRecord({ id, site, atMs, bytes: random(1_000) })
    })
  }

  #place(late: boolean): [site: string, atMs: number] {
    const random = this.#random
    const [window] = late ? [...this.closed.keys()].slice(random(this.closed.size)) : []
    const [site = `site${random(SITES)}`, hour] = window?.split(' ') ?? []
    return [site, hour === undefined ? this.clock.now() - random(2 * HOUR_MS) : Date.parse(hour) + random(HOUR_MS)]
  }

  /** Something in every partition: what is due is closed behind it. */
  ticks(): AppendRecord[] {
    const atMs = this.clock.now()
    return Array.from({ length: SITES }, (_, index) =>
      hitRecord({ id: `tick${this.#round}-${index}`, site: `site${index}`, atMs, bytes: this.#random(1_000) }),
    )
  }

  /** One process, until it dies or has done what there is. */
  async live(records: () => AppendRecord[]): Promise<void> {
    const random = this.#random
    const mortal = new MortalPorts(this.ports, 40 + random(300), random)
    const ignoreDeath = (error: unknown): null => {
      if (!mortal.dead) throw error
      return null
    }
    const ingest: Ingest | null = await startHits({ log: mortal.log, store: mortal.store, clock: this.clock }).catch(
      ignoreDeath,
    )
    if (ingest === null) return
    for (let turn = 0; turn < 3 && !mortal.dead; turn += 1) {
      await this.ports.log.append('tests.hits', records())
      await Promise.race([ingest.caughtUp().catch(ignoreDeath), mortal.died, wait(random(200))])
    }
    mortal.kill()
    await ingest.close()
  }

  /** As `live`, by a process that does not die. */
  async settle(records: readonly AppendRecord[] = []): Promise<void> {
    const ingest = await startHits(this.ports)
    if (records.length > 0) await this.ports.log.append('tests.hits', records)
    await ingest.caughtUp()
    expect(ingest.stuck()).toEqual([])
    await ingest.close()
  }

  async hours(): Promise<Map<string, string>> {
    return hourTexts(await visibleRows(this.ports.store, 'site_hours'))
  }

  async expected(): Promise<Map<string, string>> {
    const rows = await visibleRows(this.ports.store, 'hits')
    const hits = rows.map(({ id, site, at, bytes }): Hit => ({
      id: cellText(id),
      site: cellText(site),
      atMs: Date.parse(cellText(at)),
      bytes: Number(bytes),
    }))
    return new Map([...hoursOf(hits), ...this.closed])
  }

  /** Lets all windows end, and closes them. */
  async close(): Promise<void> {
    for (const [hour, cells] of await this.hours()) this.closed.set(hour, cells)
    this.clock.aheadMs += 3 * DAY_MS
    this.#round += 1
    for (let lives = 0; lives < LIVES; lives += 1) await this.live(() => this.ticks())
    // The hours of these ticks alone are open.
    const open = async (): Promise<number> => (await heldRows(this.ports)).members
    for (let tries = 0; tries < 50 && (await open()) > 2 * SITES; tries += 1) {
      this.clock.aheadMs += 61_000
      await this.settle(this.ticks())
    }
    expect(await open()).toBeLessThanOrEqual(2 * SITES)
  }
}

test.for(SEEDS)(
  'closed windows stay as they were, others are exact, wherever processes die (seed %s)',
  async (seed) => {
    const clock = new AheadClock()
    const ports = await openPorts(undefined, clock)
    const run = new Run(ports, clock, seededInteger(seed))
    await run.settle()
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let lives = 0; lives < LIVES; lives += 1) await run.live(() => run.some())
      await run.settle()
      expect(sorted(await run.hours())).toEqual(sorted(await run.expected()))
      await run.close()
      await run.settle()
      expect(sorted(await run.hours())).toEqual(sorted(await run.expected()))
    }
    await ports.close()
  },
)

function sorted(hours: ReadonlyMap<string, string>): string[] {
  return [...hours].map(([hour, cells]) => `${hour}: ${cells}`).toSorted()
}
