import { describe, expect, test } from 'vitest'
import { problems, rowOf, thingOf, thingWith, violationsOf } from '../compile.ts'

describe('keys', () => {
  const text = thingWith('name: String')
  const number =
    thingOf(`type Thing @key(fields: "id") @source(topic: "tests.things", key: "id") @table(name: "things", partitionKey: ["id"]) { id: Int! }
    type Query { thing(id: Int!): Thing @lookup }`)

  test.each(['7', '"7"'])('the message key %s is the key 7', (key) => {
    expect(text.decode({ id: 7 }, key).kind).toBe('upsert')
    expect(number.decode({ id: 7 }, key).kind).toBe('upsert')
  })

  test('a message keyed by something else is rejected, one without a key is not', () => {
    expect(problems(text.decode({ id: '7' }, '8'))).toEqual(['RECORD_KEY_MISMATCH id'])
    expect(problems(text.decode({ id: 'é' }, 'e'))).toEqual(['RECORD_KEY_MISMATCH id'])
    expect(text.decode({ id: 'é' }, 'é').kind).toBe('upsert')
    expect(text.decode({ id: '7' }).kind).toBe('upsert')
  })

  test('a record without its key is rejected, an empty one too', () => {
    expect(problems(text.decode({}))).toEqual(['RECORD_KEY_MISSING id'])
    expect(problems(text.decode({ id: '' }))).toEqual(['RECORD_KEY_MISSING id'])
  })

  test('a tombstone deletes the key of its message', () => {
    expect(text.decode(null, 'a"b')).toEqual({
      kind: 'delete',
      key: { id: 'a"b' },
      version: null,
      versionResolutionUs: 1,
    })
    expect(number.decode(null, '7')).toEqual({ kind: 'delete', key: { id: 7 }, version: null, versionResolutionUs: 1 })
    expect(problems(number.decode(null, 'seven'))).toEqual(['RECORD_KEY_MISSING'])
    expect(problems(text.decode(null))).toEqual(['RECORD_KEY_MISSING'])
  })

  test('the text of a key is its only value, or a JSON array of several, and reads back', () => {
    const composite = thingOf(`type Thing @key(fields: "shop number")
      @source(topic: "tests.things", key: "shop") @table(name: "things", partitionKey: ["shop"], clusteringKey: ["number"]) {
      shop: ID! number: Int! }
      type Query { thing(shop: ID!, number: Int!): Thing @lookup }`)
    const key = { shop: 'a,"b', number: 2 }
    expect(composite.codec.keyText(key)).toBe('["a,\\"b",2]')
    expect(composite.codec.keyOf(new TextEncoder().encode(composite.codec.keyText(key)))).toEqual(key)
    expect(text.codec.keyText({ id: 'x' })).toBe('x')
    expect(composite.decode({ ...key }, 'a,"b').kind).toBe('upsert')
    expect(problems(composite.decode(null, 'a'))).toEqual(['RECORD_KEY_MISSING'])
  })
})

test('a key that is computed: of what a delete tells, and never missing', () => {
  const computed = thingOf(`type Thing @key(fields: "id")
    @source(topic: "tests.things", key: "shop", envelope: DEBEZIUM) @table(name: "things", partitionKey: ["id"]) {
    id: ID! @computed(cel: "shop + '-' + string(number)")
    shop: ID! @check(id: "shop", length: "[1,2]")
    number: Int!
    name: String! }
    type Query { thing(id: ID!): Thing @lookup }`)
  const before = { shop: 'long gone', number: 7 }
  expect(computed.decode({ op: 'd', before }, 'x')).toMatchObject({ kind: 'delete', key: { id: 'long gone-7' } })
  expect(problems(computed.decode({ op: 'd', before: { shop: 'a' } }, 'x'))).toEqual(['RECORD_KEY_MISSING id'])
  expect(rowOf(computed.decode({ op: 'c', after: { shop: 'a', number: 7, name: 'x' } }, 'a'))).toMatchObject({
    id: 'a-7',
  })
  expect(problems(computed.decode(null, 'a'))).toEqual(['RECORD_KEY_MISSING'])
})

describe('versions', () => {
  const timed = thingWith('at: DateTime!', { source: 'version: "at"' })
  const counted = thingWith('revision: BigInt!', { source: 'version: "revision"' })

  test.each([
    ['2026-01-02T03:04:05Z', 1_767_323_045_000_000, 1_000_000],
    ['2026-01-02T03:04:05.678Z', 1_767_323_045_678_000, 1_000],
    ['2026-01-02T03:04:05.678901Z', 1_767_323_045_678_901, 1],
  ])('a time keeps its own digits: %s', (at, version, versionResolutionUs) => {
    expect(timed.decode({ id: '1', at })).toMatchObject({ version, versionResolutionUs })
  })

  test('a sequence is the number itself', () => {
    expect(counted.decode({ id: '1', revision: '42' })).toMatchObject({ version: 42, versionResolutionUs: 1 })
  })

  test.each(['-1', '9007199254740992'])('the sequence %s is invalid', (revision) => {
    expect(problems(counted.decode({ id: '1', revision }))).toEqual(['RECORD_VERSION_INVALID revision'])
  })

  test('a time before 1970 is invalid', () => {
    expect(problems(timed.decode({ id: '1', at: '1969-12-31T23:59:59Z' }))).toEqual(['RECORD_VERSION_INVALID at'])
  })
})

describe('envelopes', () => {
  const cloud = thingWith('name: String', { source: 'envelope: CLOUDEVENTS' })
  const event = { specversion: '1.0', id: 'e1', source: '/shop', type: 'thing', data: { id: '1', name: 'x' } }
  const headers = {
    ce_specversion: '1.0',
    ce_id: 'e1',
    ce_source: '/shop',
    ce_type: 'thing',
    'content-type': 'application/json',
  }

  test('CloudEvents: structured, base64 and binary', () => {
    const row = { id: '1', name: 'x' }
    expect(rowOf(cloud.decode(event))).toEqual(row)
    expect(rowOf(cloud.decode({ ...event, data: undefined, data_base64: btoa(JSON.stringify(row)) }))).toEqual(row)
    expect(rowOf(cloud.decode(row, null, headers))).toEqual(row)
    expect(cloud.decode(null, '1')).toMatchObject({ kind: 'delete', key: { id: '1' } })
  })

  test.each<[unknown, Record<string, string>]>([
    [{ ...event, specversion: '0.3' }, {}],
    [{ ...event, id: '' }, {}],
    [{ ...event, data: 'text' }, {}],
    [{ ...event, data: undefined, data_base64: '%%%' }, {}],
    [{ ...event, datacontenttype: 'application/xml' }, {}],
    [{ id: '1' }, {}],
    [{ id: '1' }, { ...headers, ce_type: '' }],
    [{ id: '1' }, { ...headers, 'content-type': 'text/plain' }],
  ])('no CloudEvent: %j', (value, given) => {
    expect(problems(cloud.decode(value, null, given))).toEqual(['RECORD_UNPARSABLE'])
  })

  const debezium = thingWith('name: String at: DateTime', { source: 'envelope: DEBEZIUM' })

  test('Debezium: after is the record, op d deletes, wrapped or not', () => {
    const created = { op: 'c', before: null, after: { id: 1, name: 'x' } }
    const deleted = { op: 'd', before: { id: 1, name: 'x' }, after: null }
    expect(rowOf(debezium.decode(created, '{"id":1}'))).toEqual({ id: '1', name: 'x' })
    expect(rowOf(debezium.decode({ schema: {}, payload: created }, '{"schema":{},"payload":{"id":1}}'))).toEqual({
      id: '1',
      name: 'x',
    })
    expect(debezium.decode(deleted)).toMatchObject({ kind: 'delete', key: { id: '1' } })
    expect(debezium.decode({ ...deleted, before: null }, '{"id":1}')).toMatchObject({
      kind: 'delete',
      key: { id: '1' },
    })
    expect(debezium.decode(null, '{"id":1}')).toMatchObject({ kind: 'delete', key: { id: '1' } })
    expect(problems(debezium.decode({ op: 't' }))).toEqual(['RECORD_UNPARSABLE'])
    expect(problems(debezium.decode({ op: 'u', after: null }))).toEqual(['RECORD_UNPARSABLE'])
  })
})

test('what a text is not, and what of @from would read it', () => {
  const thing = thingWith(
    'count: Int share: Float open: Boolean kind: Kind price: Decimal @from(parse: NUMBER) counts: [Int!] @from(parse: COMMA_LIST)',
    { types: 'enum Kind { GOOD BAD }' },
  )
  const record = { id: '1', count: ' 42', share: '0.5', open: 'True', kind: 'good ', price: 'cheap', counts: '1, x' }
  expect(violationsOf(thing.decode(record)).map(({ field, message }) => `${field}: ${message}`)).toEqual([
    'count: Must be Int; it is " 42". @from(parse: NUMBER) would read it.',
    'share: Must be Float; it is "0.5". @from(parse: NUMBER) would read it.',
    'open: Must be Boolean; it is "True". @from(parse: BOOLEAN) would read it.',
    'kind: Must be Kind; it is "good ". @from(trim: true, case: UPPER) would read it.',
    'price: Must be readable by parse: NUMBER; it is "cheap".',
    'counts.1: Must be Int; it is "x".',
  ])
})

test('a check told in the author’s words says the value once, in one sentence', () => {
  const thing = thingWith(
    'where: String @check(id: "where", oneOf: ["a"], message: "Say \\"a\\". ") until: Int @check(id: "until", cel: "value > 1")',
  )
  expect(violationsOf(thing.decode({ id: '1', where: 'b', until: 1 })).map(({ message }) => message)).toEqual([
    'Say "a"; it is "b".',
    'Must be such that value > 1; it is 1.',
  ])
})
