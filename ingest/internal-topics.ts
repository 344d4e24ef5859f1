// Topics of ingest's own: compacted, one partition, read whole at need.
import { invariant } from '../platform/errors.ts'
import type { EventLog, Position } from '../platform/ports/event-log.ts'
import type { TopicDefinition } from '../schema/topics.ts'

/** Progress of loads, by the load's id. */
export const LOADS_TOPIC = 'mesh.loads'
/** Where the sweeper stands, by table. */
export const SWEEPS_TOPIC = 'mesh.sweeps'
/** Generations of products' tables: which are written and read, and how far new ones are filled (ingest/beside/). */
export const TABLES_TOPIC = 'mesh.tables'
/** Where a log's append times have gone back, by partition of a source topic. */
export const CLOCKS_TOPIC = 'mesh.clocks'

/** Redrives of rejected records, by id, with marks of what they appended. */
export const REDRIVES_TOPIC = 'mesh.redrives'
/** The version of each product whose rows are there, by `domain/name` (accept-products.ts). */
export const PRODUCTS_TOPIC = 'mesh.products'

/** Replays of products (replay/replay-facts.ts). */
export const REPLAYS_TOPIC = 'mesh.replays'

/** What came of records, by partition and minute: the source of the product mesh/observations. */
export const OBSERVATIONS_TOPIC = 'mesh.observations'

/** As the product declares it: whoever ingests products tells of them, wherever that one is ingested. */
const observationsTopic: TopicDefinition = {
  name: OBSERVATIONS_TOPIC,
  partitions: 1,
  retentionMs: 30 * 24 * 3_600_000,
  compacted: false,
}

/** Which definitions of folds are worked by, by whom, and how far their snapshots are (derive/fold-ledger.ts). */
export const FOLDS_TOPIC = 'mesh.folds'

export const internalTopics: readonly TopicDefinition[] = [
  LOADS_TOPIC,
  SWEEPS_TOPIC,
  TABLES_TOPIC,
  CLOCKS_TOPIC,
  REDRIVES_TOPIC,
  PRODUCTS_TOPIC,
  REPLAYS_TOPIC,
  FOLDS_TOPIC,
].map((name) => ({
  name,
  partitions: 1,
  retentionMs: null,
  compacted: true,
}))

export const toldTopics: readonly TopicDefinition[] = [observationsTopic]

/** The newest value of a key in an internal topic, parsed; null where there is none. */
export async function lastValue(log: EventLog, topic: string, key: string): Promise<unknown> {
  return (await lastValues(log, topic, (each) => each === key)).get(key) ?? null
}

/** The newest values of the keys wanted in an internal topic, parsed; without those that a tombstone took away. */
export async function lastValues(
  log: EventLog,
  topic: string,
  isWanted: (key: string) => boolean,
): Promise<ReadonlyMap<string, unknown>> {
  const last = new Map<string, Uint8Array>()
  const [range] = await log.offsets(topic)
  let offset = range?.earliest ?? 0
  const end = range?.next ?? 0
  while (offset < end) {
    const records = await log.read({ topic, partition: 0, offset }, 1_000)
    const newest = records.at(-1)
    if (newest === undefined) break
    for (const record of records) {
      const key = Buffer.from(record.key ?? []).toString()
      if (!isWanted(key)) continue
      if (record.value === null) last.delete(key)
      else last.set(key, record.value)
    }
    offset = newest.offset + 1
  }
  return new Map([...last].map(([key, value]) => [key, JSON.parse(Buffer.from(value).toString()) as unknown]))
}

/** Gives the position of the value. */
export async function putValue(log: EventLog, topic: string, key: string, value: unknown): Promise<Position> {
  const record = { key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)) }
  const [position] = await log.append(topic, [record])
  invariant(position !== undefined, 'a position per record appended')
  return position
}
