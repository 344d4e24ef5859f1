// Which store the records of a topic are ingested into. Two meshes on one Kafka would share the partitions of their topics, and each would
// get a part of the records, in silence; so would one whose keyspace was mistyped or is new. The topic `mesh.stores` keeps the claims, the
// first of a topic holds, and whoever finds another store's is refused.
import type { TopicDefinition } from '../schema/topics.ts'
import { MeshgateError } from './errors.ts'
import type { EventLog, LogRecord } from './ports/event-log.ts'

/** A keyspace, by what is made once and kept in it. */
export interface StoreIdentity {
  readonly id: string
  readonly keyspace: string
}

/** Never compacted, which would keep the last claim of a topic instead of the first. */
const CLAIMS_TOPIC: TopicDefinition = { name: 'mesh.stores', partitions: 1, retentionMs: null, compacted: false }
const CLAIMS_READ_MAX = 1_000

/** For those that ingest: the topics are this store's from now on. STORE_MISMATCH where one is another's. */
export async function claimTopics(log: EventLog, store: StoreIdentity, topics: readonly string[]): Promise<void> {
  const before = await readClaims(log)
  const missing = topics.filter((topic) => !before.has(topic))
  const value = Buffer.from(JSON.stringify(store))
  if (missing.length > 0) {
    await log.append(
      CLAIMS_TOPIC.name,
      missing.map((topic) => ({ key: Buffer.from(topic), value })),
    )
  }
  // Another may have come first meanwhile.
  refuseOthers(missing.length > 0 ? await readClaims(log) : before, store, topics)
}

/** For those that read what is ingested: STORE_MISMATCH where a topic is another store's. Claims nothing. */
export async function checkClaims(log: EventLog, store: StoreIdentity, topics: readonly string[]): Promise<void> {
  refuseOthers(await readClaims(log), store, topics)
}

async function readClaims(log: EventLog): Promise<ReadonlyMap<string, StoreIdentity>> {
  await log.createTopics([CLAIMS_TOPIC])
  const claims = new Map<string, StoreIdentity>()
  const [range] = await log.offsets(CLAIMS_TOPIC.name)
  let offset = range?.earliest ?? 0
  const end = range?.next ?? 0
  while (offset < end) {
    const records = await log.read({ topic: CLAIMS_TOPIC.name, partition: 0, offset }, CLAIMS_READ_MAX)
    const last = records.at(-1)
    if (last === undefined) break
    for (const record of records) addFirst(claims, record)
    offset = last.offset + 1
  }
  return claims
}

function addFirst(claims: Map<string, StoreIdentity>, { key, value }: LogRecord): void {
  if (key === null || value === null) return
  const topic = Buffer.from(key).toString()
  if (!claims.has(topic)) claims.set(topic, JSON.parse(Buffer.from(value).toString()) as StoreIdentity)
}

function refuseOthers(
  claims: ReadonlyMap<string, StoreIdentity>,
  store: StoreIdentity,
  topics: readonly string[],
): void {
  const others = topics.filter((topic) => (claims.get(topic)?.id ?? store.id) !== store.id)
  const [first] = others
  if (first === undefined) return
  const owner = claims.get(first)?.keyspace ?? ''
  const which =
    owner === store.keyspace ? `another keyspace of that name (Cassandra was another, or is new)` : `keyspace ${owner}`
  throw new MeshgateError(
    'STORE_MISMATCH',
    `The records of ${others.join(', ')} are ingested into ${which}, not into keyspace ${store.keyspace} of this Cassandra. Set MESHGATE_CASSANDRA_KEYSPACE and MESHGATE_CASSANDRA_CONTACT_POINTS to it, or give this mesh a Kafka of its own; to move the mesh, see "Backup, restore, replay" in docs/operating.md.`,
  )
}
