// Hits of sites, summed up by the hour in windows that are kept for two days; and a clock that the test puts forward.
import { startIngest, type Ingest, type IngestOptions } from '../../../ingest/main.ts'
import type { AppendRecord } from '../../../platform/ports/event-log.ts'
import type { Clock } from '../../../platform/ports/clock.ts'
import { systemClock } from '../../../platform/system-clock.ts'
import type { Product } from '../../../schema/model.ts'
import { cellText, type Row } from '../../../schema/row.ts'
import { productOf } from '../../schema/compile.ts'
import { allRows, type TestPorts } from '../open-ports.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** Goes as the system's does, so far ahead of it. */
export class AheadClock implements Clock {
  aheadMs = 0

  now(): number {
    return systemClock.now() + this.aheadMs
  }

  monotonic(): number {
    return systemClock.monotonic()
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal)
  }
}

export function hitsProduct(ttl = ''): Product {
  return productOf(`extend schema @product(name: "hits", domain: "tests", owner: "t@example.com", version: "1.0.0")
type Hit @key(fields: "id") @source(topic: "tests.hits", key: "id", partitions: 2)
  @table(name: "hits", partitionKey: ["id"]${ttl === '' ? '' : `, ttl: "${ttl}"`}) {
  id: ID!
  site: String!
  at: DateTime!
  bytes: Int!
}
type Query { hit(id: ID!): Hit @lookup }`)
}

export function hoursProduct({ size = 'PT1H', keptFor = 'P2D', sum = 'bytes' } = {}): Product {
  const kept = keptFor === '' ? '' : `, keptFor: "${keptFor}"`
  return productOf(`extend schema @product(name: "hours", domain: "tests", owner: "t@example.com", version: "1.0.0")
input HitRead @reads(product: "tests/hits", entity: "Hit") { id: ID!  site: String!  at: DateTime!  bytes: Int! }
type SiteHour @key(fields: "site hour") @source(topic: "tests.hours", key: "site", partitions: 2)
  @table(name: "site_hours", partitionKey: ["site"], clusteringKey: ["hour"])
  @fold(input: "HitRead", time: "at") @window(size: "${size}"${kept}) {
  site: String! @group(cel: "site")
  hour: DateTime! @windowStart
  hits: Int! @aggregate(function: COUNT)
  bytes: BigInt! @aggregate(function: SUM, cel: "${sum}")
  most: Int! @aggregate(function: MAX, cel: "bytes")
}
type Query { siteHour(site: String!, hour: DateTime!): SiteHour @lookup }`)
}

export interface Hit {
  readonly id: string
  readonly site: string
  readonly atMs: number
  readonly bytes: number
}

export function hitRecord({ id, site, atMs, bytes }: Hit): AppendRecord {
  const value = JSON.stringify({ id, site, at: new Date(atMs).toISOString(), bytes })
  return { key: Buffer.from(id), value: Buffer.from(value) }
}

export function removalOf(id: string): AppendRecord {
  return { key: Buffer.from(id), value: null }
}

export async function startHits(
  ports: Pick<TestPorts, 'log' | 'store' | 'clock'>,
  options: Partial<IngestOptions> = {},
): Promise<Ingest> {
  const { log, store, clock } = ports
  const products = [hitsProduct(), hoursProduct()]
  return startIngest({ products, log, store, clock, sweep: false, ...options })
}

/** What the hours must hold of these hits, in the form of `hourTexts`. */
export function hoursOf(hits: Iterable<Hit>): Map<string, string> {
  const hours = new Map<string, readonly Hit[]>()
  for (const hit of hits) {
    const hour = `${hit.site} ${new Date(Math.floor(hit.atMs / HOUR_MS) * HOUR_MS).toISOString()}`
    hours.set(hour, [...(hours.get(hour) ?? []), hit])
  }
  return new Map(
    [...hours].map(([hour, of]) => {
      const sizes = of.map(({ bytes }) => bytes)
      return [hour, `${of.length} ${sizes.reduce((sum, each) => sum + each, 0)} ${Math.max(...sizes)}`]
    }),
  )
}

/** Rows of a table of hours: `hits bytes most` by site and hour. */
export function hourTexts(rows: readonly Row[]): Map<string, string> {
  return new Map(
    rows.map((row) => {
      const [site, hour, ...cells] = ['site', 'hour', 'hits', 'bytes', 'most'].map((name) => cellText(row[name]))
      return [`${site} ${hour}`, cells.join(' ')]
    }),
  )
}

/** How many rows mesh_FoldGroups has of rows of inputs, and of groups. */
export async function heldRows({ store }: Pick<TestPorts, 'store'>): Promise<{ members: number; groups: number }> {
  const rows = (await allRows(store, 'mesh_FoldGroups')).filter(({ group }) => cellText(group).startsWith('['))
  const groups = rows.filter(({ member }) => member === '!').length
  return { members: rows.length - groups, groups }
}
