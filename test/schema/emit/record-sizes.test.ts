import { describe, expect, test } from 'vitest'
import { schemaLimits } from '../../../schema/schema-limits.ts'
import { problems, thingOf } from '../compile.ts'

const KEY = schemaLimits.partitionKeyBytesMax
const INDEXED = schemaLimits.indexedValueBytesMax
const x = (bytes: number): string => 'x'.repeat(bytes)

describe('a record that no store holds is rejected:', () => {
  const thing = thingOf(`type Thing @key(fields: "id") @source(topic: "tests.things", key: "id", envelope: DEBEZIUM)
    @table(name: "things", partitionKey: ["id"])
    @table(name: "things_by_owner", partitionKey: ["owner"], clusteringKey: ["place", "id"], index: ["label"]) {
    id: ID! owner: String! place: String! label: String note: String }
    type Query { thing(id: ID!): Thing @lookup }`)
  const upsert = (cells: object): readonly string[] | string => {
    const decoded = thing.decode({ op: 'c', after: { id: '1', owner: 'a', place: '', label: '', ...cells } })
    return decoded.kind === 'rejected' ? problems(decoded) : decoded.kind
  }

  test('a key longer than 65,535 bytes, of any of its tables', () => {
    expect(upsert({ owner: x(KEY) })).toBe('upsert')
    expect(upsert({ owner: x(KEY + 1) })).toEqual(['RECORD_KEY_TOO_LONG owner'])
    expect(upsert({ owner: 'é'.repeat((KEY + 1) / 2) })).toEqual(['RECORD_KEY_TOO_LONG owner'])
    // The id takes one byte of the clustering key.
    expect(upsert({ place: x(KEY - 1) })).toBe('upsert')
    expect(upsert({ place: x(KEY) })).toEqual(['RECORD_KEY_TOO_LONG place'])
    expect(upsert({ id: x(KEY + 1) })).toEqual(['RECORD_KEY_TOO_LONG id', 'RECORD_KEY_TOO_LONG id'])
  })

  test('an indexed value longer than 8,192 bytes', () => {
    expect(upsert({ label: x(INDEXED) })).toBe('upsert')
    expect(upsert({ label: x(INDEXED + 1) })).toEqual(['RECORD_KEY_TOO_LONG label'])
    expect(upsert({ note: x(KEY * 2) })).toBe('upsert')
  })

  test('an empty key of a table that it alone partitions', () => {
    expect(upsert({ owner: '' })).toEqual(['RECORD_KEY_MISSING owner'])
  })

  test('a delete of such a key too', () => {
    expect(problems(thing.decode({ op: 'd', before: { id: x(KEY + 1) } }))).toEqual(['RECORD_KEY_TOO_LONG id'])
    expect(problems(thing.decode(null, x(KEY + 1)))).toEqual(['RECORD_KEY_TOO_LONG id'])
  })
})
