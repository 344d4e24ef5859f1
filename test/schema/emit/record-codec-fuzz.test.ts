import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { compileRecordCodec } from '../../../schema/emit/emit-record-codec.ts'
import { emitJsonSchema } from '../../../schema/emit/emit-json-schema.ts'
import { entityOf, productOf } from '../compile.ts'
import { seededRandom } from '../../seeded-random.ts'

const product = (envelope: string) =>
  productOf(`type Thing @key(fields: "id")
  @source(topic: "tests.things", key: "id", version: "at", envelope: ${envelope})
  @table(name: "things", partitionKey: ["id"])
  @check(id: "sum", cel: "total == parts.map(p, p.amount).sum()", onFail: WARN) {
  id: ID!
  at: DateTime!
  total: Decimal!
  count: Int @check(id: "count", range: "[0,100)")
  ratio: Float
  note: String @from(field: "meta.note", trim: true, emptyAsNull: true) @check(id: "note", pattern: "^[a-z ]*$")
  colour: Colour @from(default: "RED")
  parts: [Part!]!
  more: JSON
  double: Decimal! @computed(cel: "total * 2")
}
type Part { amount: Decimal! size: Range tags: [String] }
type Range { min: Int! max: Int }
enum Colour { RED GREEN }
type Query { thing(id: ID!): Thing @lookup }`)

const good = {
  id: 'x',
  at: '2026-01-02T03:04:05.678Z',
  total: '3.50',
  count: 1,
  ratio: 0.5,
  meta: { note: ' hello ' },
  colour: 'GREEN',
  parts: [{ amount: 1.25, size: { min: 1, max: null }, tags: ['a', null] }, { amount: '2.25' }],
  more: { any: [1, 'thing'] },
}

const oddities: readonly unknown[] = [
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  2 ** 31,
  1e300,
  5e-324,
  '',
  ' ',
  'x',
  'RED',
  '12.50',
  '2026-01-02',
  '\u0000',
  '\ud800',
  'é'.repeat(50),
  [],
  [[]],
  {},
  { min: 1 },
  { constructor: 1 },
  'x'.repeat(10_000),
]

/** The text of `good` with some of its members replaced, removed or added at random, sometimes as JSON that no object can be. */
function mutate(value: unknown, random: () => number): unknown {
  const pick = (): unknown => oddities[Math.floor(random() * oddities.length)]
  if (random() < 0.04) return pick()
  if (Array.isArray(value)) {
    const items = value.map((item) => mutate(item, random))
    if (random() < 0.1) items.push(pick())
    return items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .filter(() => random() >= 0.04)
    .map(([name, item]) => [name, mutate(item, random)] as const)
  if (random() < 0.1) entries.push([random() < 0.5 ? '__proto__' : 'constructor', pick()])
  return Object.fromEntries(entries)
}

const encoder = new TextEncoder()

test('whatever the bytes, decode returns an outcome, and the same one each time (seeded)', () => {
  const random = seededRandom(7)
  const codecs = ['NONE', 'CLOUDEVENTS', 'DEBEZIUM'].map((envelope) => {
    const compiled = product(envelope)
    return compileRecordCodec(compiled, entityOf(compiled))
  })
  const text = encoder.encode(JSON.stringify(good))
  const kinds = new Set<string>()
  for (let round = 0; round < 6_000; round++) {
    const value = text.slice()
    for (let flips = Math.floor(random() * 4); flips >= 0; flips--)
      value[Math.floor(random() * value.length)] = Math.floor(random() * 256)
    const raw = {
      key: random() < 0.5 ? null : value.slice(0, 3),
      value: value.slice(0, Math.ceil(random() * value.length * 1.5)),
      headers: {},
    }
    for (const codec of codecs) {
      const decoded = codec.decode(raw)
      kinds.add(decoded.kind)
      expect(codec.decode(raw)).toEqual(decoded)
      if (decoded.kind === 'rejected') expect(decoded.violations.length).toBeGreaterThan(0)
    }
  }
  expect([...kinds].toSorted()).toEqual(['rejected', 'upsert'])
})

test.each<[string, string]>([
  ['nesting without end', '['.repeat(500_000)],
  ['deep nesting', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  [
    'deep nesting beside a number of many digits',
    `{"id":1234567890123456789,"more":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  ],
  ['a list for a record', '[]'],
  ['text for a record', '"x"'],
  ['nothing', ''],
  ['a byte order mark only', '\ufeff'],
])('%s is rejected', (_, text) => {
  const compiled = product('NONE')
  const codec = compileRecordCodec(compiled, entityOf(compiled))
  expect(codec.decode({ key: null, value: encoder.encode(text), headers: {} }).kind).toBe('rejected')
})

test('a member called __proto__ changes nothing but itself', () => {
  const compiled = product('NONE')
  const codec = compileRecordCodec(compiled, entityOf(compiled))
  const text = JSON.stringify(good)
    .replace('{', '{"__proto__":{"count":5},')
    .replace('{"any"', '{"__proto__":{"polluted":1},"any"')
  const decoded = codec.decode({ key: null, value: encoder.encode(text), headers: {} })
  expect(decoded).toMatchObject({ kind: 'upsert', row: { count: 1 } })
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  expect(JSON.stringify(decoded)).toContain('{"__proto__":{"polluted":1},"any":[1,"thing"]}')
})

test('bytes that are no UTF-8 are rejected', () => {
  const compiled = product('NONE')
  const codec = compileRecordCodec(compiled, entityOf(compiled))
  const value = encoder.encode(JSON.stringify(good))
  value[value.indexOf(0x68)] = 0xff
  expect(codec.decode({ key: null, value, headers: {} })).toMatchObject({
    kind: 'rejected',
    violations: [{ code: 'RECORD_UNPARSABLE', message: 'The message is not UTF-8.' }],
  })
})

test('the JSON Schema accepts every record that the codec accepts (seeded)', () => {
  const random = seededRandom(11)
  const compiled = product('NONE')
  const entity = entityOf(compiled)
  const codec = compileRecordCodec(compiled, entity)
  const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(emitJsonSchema(compiled, entity))
  let accepted = 0
  let refused = 0
  for (let round = 0; round < 6_000; round++) {
    const text = JSON.stringify(mutate(good, random))
    if (codec.decode({ key: null, value: encoder.encode(text), headers: {} }).kind === 'upsert') {
      accepted++
      if (!validate(JSON.parse(text))) throw new Error(`${text}: ${JSON.stringify(validate.errors)}`)
    } else if (!validate(JSON.parse(text))) refused++
  }
  expect(accepted).toBeGreaterThan(500)
  expect(refused).toBeGreaterThan(500)
})
