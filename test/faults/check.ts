// Compares what a mesh holds after its faults with what it must hold: every acknowledged record in its topic, every table as the oracle says,
// one rejected record per rejected position, one change per accepted one, and an observer that was told each change once and in order.
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { Change } from '../../schema/record.ts'
import { topicNames } from '../../schema/topics.ts'
import { visibleRows } from '../ingest/open-ports.ts'
import { checkObserver, type ToldChange } from './check-observer.ts'
import { compareRows, listed } from './compare-rows.ts'
import type { FaultProduct } from './fault-products.ts'
import type { Observer } from './observer.ts'
import { expectedOf, type Expected, type PartitionRecords } from './oracle.ts'
import type { Acknowledged } from './post-appender.ts'
import { topicContents } from './topic-contents.ts'
import { DELIVERY_HEADER } from './workload.ts'

export interface MeshState {
  readonly log: EventLog
  readonly store: Store
  readonly product: FaultProduct
  /** Of any products; those of this one count. */
  readonly acknowledged: readonly Acknowledged[]
  /** Each subscribed before the first record, and told all end marks. */
  readonly observers: readonly Observer[]
}

/** What is wrong, in words; nothing: all is as it must be. */
export async function checkMesh(state: MeshState): Promise<readonly string[]> {
  const { log, product } = state
  const source = await topicContents(log, product.topic)
  const expected = expectedOf(product, source, log.timestampResolutionUs)
  const changes = await readChanges(log, product)
  const tables = await checkTables(state, expected)
  return [
    ...listed('acknowledged records not in the topic', missingDeliveries(state, source)),
    ...tables,
    ...(await checkRejected(log, product, { expected, source })),
    ...checkChanges(changes, expected),
    ...state.observers.flatMap((observer) =>
      checkObserver(observer, changes, expected.tables.get(product.tables[0]?.name ?? '') ?? []),
    ),
  ].map((problem) => `${product.name}: ${problem}`)
}

function missingDeliveries({ product, acknowledged }: MeshState, source: readonly PartitionRecords[]): string[] {
  const lying = new Map<string, string>()
  for (const { partition, records } of source)
    for (const { offset, headers } of records) lying.set(`${partition}:${offset}`, headers[DELIVERY_HEADER] ?? 'none')
  return acknowledged
    .filter(({ position }) => position.topic === product.topic)
    .filter(({ delivery, position }) => lying.get(`${position.partition}:${position.offset}`) !== String(delivery))
    .map(({ delivery, position }) => `delivery ${delivery} at ${position.partition}:${position.offset}`)
}

async function checkTables({ store, product }: MeshState, { tables }: Expected): Promise<string[]> {
  const problems: string[] = []
  for (const [table, rows] of tables) problems.push(...compareRows(table, await visibleRows(store, table), rows))
  if (tables.size !== product.tables.length) problems.push('a table was not compared')
  return problems
}

interface RejectedCheck {
  readonly expected: Expected
  readonly source: readonly PartitionRecords[]
}

async function checkRejected(
  log: EventLog,
  product: FaultProduct,
  { expected, source }: RejectedCheck,
): Promise<string[]> {
  const codes = new Map<string, string>()
  const altered: string[] = []
  const originals = new Map<string, LogRecord>()
  for (const { partition, records } of source)
    for (const record of records) originals.set(`${product.topic}:${partition}:${record.offset}`, record)
  for (const { records } of await topicContents(log, topicNames.rejected(product.topic))) {
    for (const record of records) {
      const position = record.headers['meshgate-source-position'] ?? 'none'
      codes.set(position, record.headers['meshgate-error-code'] ?? 'none')
      const original = originals.get(position)
      if (!sameBytes(original?.key, record.key) || !sameBytes(original?.value, record.value)) altered.push(position)
    }
  }
  return [
    ...listed('rejected records', compareMaps(codes, expected.rejected)),
    ...listed('rejected records that are not as they were', altered),
  ]
}

function sameBytes(left: Uint8Array | null | undefined, right: Uint8Array | null): boolean {
  if (left === null || left === undefined || right === null) return left === right
  return Buffer.compare(left, right) === 0
}

function compareMaps(actual: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): string[] {
  return [
    ...[...expected].flatMap(([at, value]) => {
      const held = actual.get(at)
      return held === value ? [] : [`${at} is ${held ?? 'missing'} and should be ${value}`]
    }),
    ...[...actual].filter(([at]) => !expected.has(at)).map(([at, value]) => `${at} (${value}) should not be there`),
  ]
}

/** All changes that were told of the product, in the order of each partition. */
export async function readChanges(log: EventLog, product: FaultProduct): Promise<readonly ToldChange[]> {
  const contents = await topicContents(log, topicNames.changes(product.topic))
  return contents.flatMap(({ partition, records }) =>
    records.map((record) => ({
      partition,
      // Written by ingest; whatever else it is fails the comparison.
      change: JSON.parse(Buffer.from(record.value ?? 'null').toString()) as Change,
    })),
  )
}

function checkChanges(changes: readonly ToldChange[], { accepted }: Expected): string[] {
  const keys = new Map(changes.map(({ change }) => [change.source, change.key]))
  const places = new Map<string, number>()
  const scattered = changes.filter(({ partition, change }) => {
    const place = places.get(change.key) ?? partition
    places.set(change.key, place)
    return place !== partition
  })
  return [
    ...listed('changes', compareMaps(keys, accepted)),
    ...listed(
      'changes of one entity in several partitions',
      scattered.map(({ change }) => change.key),
    ),
  ]
}
