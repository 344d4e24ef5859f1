import { expect, test } from 'vitest'
import { emitCql } from '../../../schema/emit/emit-cql.ts'
import { emitTables } from '../../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../../schema/emit/emit-topics.ts'
import { tableRow } from '../../../schema/emit/table-rows.ts'
import { HIDDEN_COLUMNS } from '../../../schema/tables.ts'
import { entityOf, productOf } from '../compile.ts'

const readings = productOf(
  `type Reading @key(fields: "id")
  @source(topic: "tests.readings", key: "id", immutableKeys: true, partitions: 8, retention: "P30D", changesRetention: "P1D")
  @table(name: "readings", partitionKey: ["id"], index: ["sensorId"])
  @table(name: "readings_by_sensor", partitionKey: ["sensorId", "day(readAt)"], clusteringKey: ["readAt desc", "id"], ttl: "PT91S") {
  id: ID!
  sensorId: UUID!
  readAt: DateTime!
  value: Decimal!
  order: BigInt
  flags: [String!]
  place: Place
  ok: Boolean
  factor: Float
  size: Int
  on: Date
  extra: JSON
}
type Place { x: Int }
type Query { reading(id: ID!): Reading @lookup }`,
  'readings',
)

test('tables hold every stored column, typed, and their buckets', () => {
  const [base, bySensor] = emitTables(readings)
  expect(base?.columns.map(({ name, cqlName, type }) => `${name} ${cqlName} ${type}`)).toEqual([
    'id id text',
    'sensorId sensor_id uuid',
    'readAt read_at timestamp',
    'value value decimal',
    'order order bigint',
    'flags flags json',
    'place place json',
    'ok ok boolean',
    'factor factor double',
    'size size int',
    'on on date',
    'extra extra json',
  ])
  expect({ ...bySensor, columns: bySensor?.columns.slice(12) }).toEqual({
    name: 'readings_by_sensor',
    owner: 'tests/readings',
    columns: [{ name: 'readAt_day', cqlName: 'read_at_day', type: 'date' }],
    partitionKey: ['sensorId', 'readAt_day'],
    clusteringKey: [
      { column: 'readAt', order: 'DESC' },
      { column: 'id', order: 'ASC' },
    ],
    ttlMs: 91_000,
    indexes: [],
  })
})

test('CQL quotes reserved words, orders clusterings, sets the TTL and indexes with SAI', () => {
  expect(emitCql(emitTables(readings), 'Mesh')).toEqual([
    `CREATE TABLE IF NOT EXISTS "Mesh".readings (
  id text,
  sensor_id uuid,
  read_at timestamp,
  value decimal,
  "order" bigint,
  flags text,
  place text,
  ok boolean,
  factor double,
  size int,
  "on" date,
  extra text,
  PRIMARY KEY ((id))
)`,
    `CREATE INDEX IF NOT EXISTS readings_sensor_id_idx8 ON "Mesh".readings (sensor_id) USING 'sai'`,
    `CREATE TABLE IF NOT EXISTS "Mesh".readings_by_sensor (
  id text,
  sensor_id uuid,
  read_at timestamp,
  value decimal,
  "order" bigint,
  flags text,
  place text,
  ok boolean,
  factor double,
  size int,
  "on" date,
  extra text,
  read_at_day date,
  PRIMARY KEY ((sensor_id, read_at_day), read_at, id)
) WITH CLUSTERING ORDER BY (read_at DESC, id ASC) AND default_time_to_live = 91`,
  ])
})

test('columns that meet in snake case keep apart', () => {
  const product = productOf(
    `type Thing @key(fields: "id") @source(topic: "tests.things", key: "id") @table(name: "things", partitionKey: ["id"]) {
      id: ID! aB: Int a_b: Int URLPath: String }
    type Query { thing(id: ID!): Thing @lookup }`,
  )
  expect(emitTables(product)[0]?.columns.map((column) => column.cqlName)).toEqual(['id', 'a_b', 'a_b_2', 'url_path'])
})

test('an entity that ingest reads first has the hidden columns, its origin in the base alone', () => {
  const product = productOf(
    `type Thing @key(fields: "id") @source(topic: "tests.things", key: "id")
      @table(name: "things", partitionKey: ["id"]) @table(name: "things_by_owner", partitionKey: ["owner"], clusteringKey: ["id"]) {
      id: ID! owner: String! }
    type Query { thing(id: ID!): Thing @lookup }`,
  )
  const [base, byOwner] = emitTables(product)
  expect(byOwner?.columns.slice(2)).toEqual([
    { name: HIDDEN_COLUMNS.upsertedAt, cqlName: 'meshgate_upserted_at', type: 'bigint' },
    { name: HIDDEN_COLUMNS.deletedAt, cqlName: 'meshgate_deleted_at', type: 'bigint' },
  ])
  expect(base?.columns.map((column) => column.name)).toContain(HIDDEN_COLUMNS.origin)
  const entity = entityOf(product)
  const row = { id: '1', owner: 'a', [HIDDEN_COLUMNS.upsertedAt]: 5, [HIDDEN_COLUMNS.origin]: 't:0:1' }
  expect(entity.tables.map((table) => tableRow(entity, table, row))).toEqual([
    row,
    { id: '1', owner: 'a', [HIDDEN_COLUMNS.upsertedAt]: 5 },
  ])
})

test("a table's row has its bucket, and no other table's columns", () => {
  const entity = entityOf(readings)
  const cells = { id: '1', sensorId: 's', readAt: '2026-01-02T03:04:05.000Z', value: null }
  expect(entity.tables.map((table) => tableRow(entity, table, { ...cells, readAt_day: 'x' }))).toEqual([
    cells,
    { ...cells, readAt_day: '2026-01-02' },
  ])
  expect(entity.tables.map((table) => tableRow(entity, table, { id: '1' }))).toEqual([{ id: '1' }, { id: '1' }])
})

test('topics: the source, its changes and what is rejected, each with its retention', () => {
  expect(emitTopics(readings)).toEqual([
    { name: 'tests.readings', partitions: 8, retentionMs: 30 * 86_400_000, compacted: false },
    { name: 'tests.readings.changes', partitions: 8, retentionMs: 86_400_000, compacted: false },
    { name: 'tests.readings.rejected', partitions: 8, retentionMs: null, compacted: false },
  ])
})

test('a source keyed by something else than the entity has a re-keyed topic', () => {
  const product = productOf(
    `type Thing @key(fields: "id") @source(topic: "tests.things", key: "owner") @table(name: "things", partitionKey: ["id"]) {
      id: ID! owner: String! }
    type Query { thing(id: ID!): Thing @lookup }`,
  )
  expect(emitTopics(product).map((topic) => topic.name)).toEqual([
    'tests.things',
    'tests.things.changes',
    'tests.things.rejected',
    'tests.things.rekeyed',
  ])
})
