// Random upserts, moves and deletes while a snapshot is read, repeated as after crashes of ingest, by a subscriber that leaves and comes back
// at random: folding what it is told gives the table, and every change since its beginning is told once.
import { expect, test } from 'vitest'
import type { Change } from '../../schema/record.ts'
import type { Row } from '../../schema/row.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { CHANGES, plain, reading, request, Telemetry } from './telemetry.ts'
import { seededInteger } from '../seeded-random.ts'

const SEEDS = [1, 2, 3, 4]
const ROWS = 260
const STEPS = 400
const SENSORS = 2
const QUERY = 'subscription ($of: ID) { event: readingChanged(sensorId: $of) { id sensorId value } }'

interface Told {
  readonly key?: string
  readonly cursor: string
  readonly snapshot?: true
  readonly at?: readonly [number, number]
}

/** The table as it is to be, changed at random as ingest changes it: rows first, then the change. */
class Table {
  readonly rows = new Map<string, Row>()
  changes = 0
  readonly #telemetry: Telemetry
  readonly #below: (bound: number) => number
  #value = 0
  #batch: Change[] = []

  constructor(telemetry: Telemetry, below: (bound: number) => number) {
    this.#telemetry = telemetry
    this.#below = below
  }

  async change(): Promise<void> {
    const id = String(this.#below(ROWS))
    const before = this.rows.get(id) ?? null
    if (before !== null && this.#below(3) === 0) return this.#delete(id, before)
    const row = reading(id, { sensorId: String(this.#below(SENSORS)), value: String(this.#value++) })
    if (before !== null && before['sensorId'] !== row['sensorId']) await this.#telemetry.put([before], true)
    await this.#telemetry.put([row])
    this.rows.set(id, row)
    await this.#append(this.#telemetry.change(row, { before, created: before === null }))
  }

  /** The newest changes once more, as after a crash between them and the commit. */
  async repeat(): Promise<void> {
    await this.#telemetry.append(this.#batch)
  }

  async #delete(id: string, before: Row): Promise<void> {
    await this.#telemetry.put([before], true)
    this.rows.delete(id)
    await this.#append(this.#telemetry.change({ id }, { op: 'DELETE', wrote: [], created: false, before }))
  }

  async #append(change: Change): Promise<void> {
    this.changes++
    this.#batch = [...this.#batch.slice(-4), change]
    await this.#telemetry.append([change])
  }
}

test.for(SEEDS.flatMap((seed) => [[seed, '1'] as const, [seed, null] as const]))(
  'a snapshot and the changes after it fold to the table (seed %s, sensor %s)',
  async ([seed, of]) => {
    const below = seededInteger(seed)
    const telemetry = await Telemetry.open()
    const table = new Table(telemetry, below)
    for (let made = 0; made < ROWS; made++) await table.change()
    const subscribe = (cursor: string | null): Promise<AsyncIterableIterator<SubgraphResponse>> => {
      const meshgate = { snapshot: true, positions: true, ...(cursor === null ? {} : { cursor }) }
      return telemetry.subgraph.endpoint.subscribe(request(QUERY, { variables: { of }, extensions: { meshgate } }))
    }

    const folded = new Map<string, unknown>()
    const told = new Set<string>()
    const rowsTold: string[] = []
    let cursor: string | null = null
    let events = await subscribe(null)
    const changesBefore = table.changes
    const begun = (await telemetry.log.offsets(CHANGES)).map(({ next }) => next)
    const take = async (): Promise<void> => {
      const { value } = (await events.next()) as { value: SubgraphResponse }
      expect(value.errors).toBeUndefined()
      const meshgate = value.extensions?.['meshgate'] as Told
      ;({ cursor } = meshgate)
      const { key, at, snapshot } = meshgate
      if (key === undefined) return
      if (snapshot === true) rowsTold.push(key)
      if (at !== undefined) {
        expect(told).not.toContain(at.join(':'))
        expect(at[1]).toBeGreaterThanOrEqual(begun[at[0]] ?? 0)
        told.add(at.join(':'))
      }
      const event = value.data?.['event'] ?? null
      if (event === null) folded.delete(key)
      else folded.set(key, plain(event))
    }
    for (let step = 0; step < STEPS; step++) {
      const kind = below(10)
      if (kind < 4) await take()
      else if (kind < 8) await table.change()
      else if (kind === 8) await table.repeat()
      else if (cursor !== null) {
        await events.return?.()
        events = await subscribe(cursor)
      }
    }
    // One last change in each partition: behind it there is nothing to be told.
    const wanted = [...table.rows.values()].filter((row) => of === null || row['sensorId'] === of)
    const partitions = await telemetry.log.partitions(CHANGES)
    for (let partition = 0; partition < partitions; partition++)
      await telemetry.append([telemetry.change(reading(`end-${partition}`))], partition)
    while (![...Array(partitions).keys()].every((partition) => folded.has(`end-${partition}`))) await take()
    for (let partition = 0; partition < partitions; partition++) folded.delete(`end-${partition}`)

    const expected = wanted.map(({ id, sensorId, value }) => ({ id, sensorId, value }))
    const byId = (rows: readonly unknown[]): unknown[] =>
      rows.toSorted((one, other) => ((one as { id: string }).id < (other as { id: string }).id ? -1 : 1))
    expect(byId([...folded.values()])).toEqual(byId(expected))
    expect(new Set(rowsTold).size).toBe(rowsTold.length)
    if (of === null) expect(told.size).toBe(table.changes - changesBefore + partitions)
    await events.return?.()
    await telemetry.close()
  },
)
