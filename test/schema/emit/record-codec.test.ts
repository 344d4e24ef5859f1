import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { schemaLimits } from '../../../schema/schema-limits.ts'
import type { Row } from '../../../schema/row.ts'
import { problems, rowOf, thingOf, thingWith, violationsOf } from '../compile.ts'

const orders = thingOf(
  readFileSync(new URL('../../../subgraphs/sales/orders/product.graphql', import.meta.url), 'utf8'),
)
const order = {
  id: '1-999-1',
  customerId: '1',
  storeId: '2',
  placedAt: '2026-01-02T03:04:05Z',
  lines: [{ productId: '1', quantity: 2, amount: '5.70', cost: '2.00' }],
}

describe('the order of the sample', () => {
  test('is typed, canonical, computed and timed', () => {
    expect(orders.decode(order, '1-999-1')).toEqual({
      kind: 'upsert',
      row: {
        id: '1-999-1',
        customerId: '1',
        storeId: '2',
        placedAt: '2026-01-02T03:04:05.000Z',
        lines: [{ productId: '1', quantity: 2, amount: '5.7', cost: '2', promotionId: null }],
        productIds: ['1'],
        total: '5.7',
      },
      version: null,
      versionResolutionUs: 1,
      eventTimeMs: Date.UTC(2026, 0, 2, 3, 4, 5),
      warnings: [],
    })
  })

  test('tells all of its violations at once, each with its path', () => {
    const lines = [{ productId: 7, quantity: 0, amount: -1, cost: 'much' }, null, 'line', {}]
    expect(problems(orders.decode({ id: 'x', storeId: '2', placedAt: 'yesterday', customerId: null, lines }))).toEqual([
      'RECORD_FIELD_MISSING customerId',
      'RECORD_FIELD_TYPE placedAt',
      'RECORD_CHECK_FAILED lines.0.quantity quantity-positive',
      'RECORD_CHECK_FAILED lines.0.amount amount-not-negative',
      'RECORD_FIELD_TYPE lines.0.cost',
      'RECORD_FIELD_MISSING lines.1',
      'RECORD_FIELD_TYPE lines.2',
      'RECORD_FIELD_MISSING lines.3.productId',
      'RECORD_FIELD_MISSING lines.3.quantity',
      'RECORD_FIELD_MISSING lines.3.amount',
      'RECORD_FIELD_MISSING lines.3.cost',
    ])
  })

  test('tells no more violations than the limit', () => {
    const lines = Array.from({ length: 1_000 }, () => ({}))
    expect(violationsOf(orders.decode({ ...order, lines }))).toHaveLength(schemaLimits.recordViolationsMax)
  })

  test('names the offending value, shortened', () => {
    const [violation] = violationsOf(orders.decode({ ...order, placedAt: 'x'.repeat(1_000) }))
    expect(violation).toEqual({
      code: 'RECORD_FIELD_TYPE',
      field: 'placedAt',
      checkId: null,
      message: `Must be DateTime; it is "${'x'.repeat(schemaLimits.violationValueCharactersMax)}…".`,
    })
  })
})

describe('scalars', () => {
  const scalars = thingWith(
    `int: Int float: Float flag: Boolean big: BigInt money: Decimal at: DateTime day: Date uuid: UUID mail: EmailAddress url: URL json: JSON text: String ref: ID colour: Colour`,
    { types: 'enum Colour { RED GREEN }' },
  )

  test.each<[string, string, unknown]>([
    ['int', '1.0', 1],
    ['int', '-0', 0],
    ['float', '1e2', 100],
    ['flag', 'false', false],
    ['big', '"9223372036854775807"', '9223372036854775807'],
    ['big', '9007199254740993', '9007199254740993'],
    ['big', '-5', '-5'],
    ['money', '1.10', '1.1'],
    ['money', '0.1234567890123456789', '0.1234567890123456789'],
    ['money', '12345678901234567890.5', '12345678901234567890.5'],
    ['money', '"1e2"', '100'],
    ['money', '1e-7', '0.0000001'],
    ['at', '"2026-01-02 03:04:05.0"', '2026-01-02T03:04:05.000Z'],
    ['day', '"1961-08-26 00:00:00.0"', '1961-08-26'],
    ['uuid', '"6F9619FF-8B86-D011-B42D-00CF4FC964FF"', '6f9619ff-8b86-d011-b42d-00cf4fc964ff'],
    ['mail', '"a.b@example.com"', 'a.b@example.com'],
    ['url', '"https://example.com/x"', 'https://example.com/x'],
    ['json', '{"a":[1,null,{"b":12345678901234567890}]}', { a: [1, null, { b: Number('12345678901234567890') }] }],
    ['ref', '12345678901234567890', '12345678901234567890'],
    ['ref', '7', '7'],
    ['colour', '"RED"', 'RED'],
    ['text', 'null', null],
  ])('%s takes %s', (name, json, value) => {
    const decoded = rowOf(scalars.decode(`{"id":"1","${name}":${json}}`))
    expect(decoded).toEqual({ id: '1', [name]: value })
  })

  test.each([
    ['int', '"1"'],
    ['int', '1.5'],
    ['int', '2147483648'],
    ['float', '"1.5"'],
    ['float', '1e999'],
    ['flag', '"true"'],
    ['flag', '1'],
    ['big', '9223372036854775808'],
    ['big', '1.5'],
    ['big', '"x"'],
    ['money', '"1,5"'],
    ['money', '1e300'],
    ['money', 'true'],
    ['at', '1767322945'],
    ['at', '"2026-02-30T00:00:00Z"'],
    ['day', '"2026-01-01T10:00:00Z"'],
    ['uuid', '"6F9619FF"'],
    ['mail', '"nobody"'],
    ['url', '"nowhere"'],
    ['text', '5'],
    ['text', '{}'],
    ['text', '"\\ud800"'],
    ['ref', '1.5'],
    ['ref', 'true'],
    ['colour', '"BLUE"'],
    ['json', '['.repeat(schemaLimits.recordDepthMax + 1) + ']'.repeat(schemaLimits.recordDepthMax + 1)],
  ])('%s refuses %s', (name, json) => {
    expect(problems(scalars.decode(`{"id":"1","${name}":${json}}`))).toEqual([`RECORD_FIELD_TYPE ${name}`])
  })

  test('an absent optional field has no cell, an explicit null is one', () => {
    expect(rowOf(scalars.decode({ id: '1', int: null }))).toEqual({ id: '1', int: null })
  })
})

describe('cleaning', () => {
  const cleaned = thingWith(
    `
    name: String @from(field: "person.full name", trim: true, emptyAsNull: true, case: TITLE)
    code: String! @from(trim: true, case: UPPER, default: "NONE", emptyAsNull: true)
    count: Int @from(parse: NUMBER, default: "3")
    price: Decimal @from(parse: NUMBER)
    active: Boolean @from(parse: BOOLEAN)
    seen: DateTime @from(parse: EPOCH_MILLISECONDS)
    born: Date @from(parse: EPOCH_SECONDS)
    tags: [String!] @from(parse: COMMA_LIST)
    income: Range @from(parse: RANGE)`,
    { types: 'type Range { min: Int max: Int }' },
  )

  test.each<[object, Row]>([
    [{ person: { 'full name': ' ada LOVELACE ' } }, { name: 'Ada Lovelace' }],
    [{ person: { 'full name': '  ' } }, { name: null }],
    [{ person: null }, { name: null }],
    [{ person: 'no object' }, {}],
    [{ code: ' ab ' }, { code: 'AB' }],
    [{ code: null }, {}],
    [{ count: '1,234' }, { count: 1234 }],
    [{ count: 5 }, { count: 5 }],
    [{ price: '$1,234.50' }, { price: '1234.5' }],
    [{ price: '-12.5 %' }, { price: '-12.5' }],
    [{ active: 'Y' }, { active: true }],
    [{ active: 0 }, { active: false }],
    [{ seen: 1767323045678 }, { seen: '2026-01-02T03:04:05.678Z' }],
    [{ seen: '-1' }, { seen: '1969-12-31T23:59:59.999Z' }],
    [{ born: 86400 }, { born: '1970-01-02' }],
    [{ tags: 'a, b ,c' }, { tags: ['a', 'b', 'c'] }],
    [{ tags: '' }, { tags: [] }],
    [{ income: '$30K - $50K' }, { income: { min: 30000, max: 50000 } }],
    [{ income: '$150K +' }, { income: { min: 150000, max: null } }],
    [{ income: '< 10' }, { income: { min: null, max: 10 } }],
    [{ income: { min: 1 } }, { income: { min: 1, max: null } }],
  ])('%j', (record, cells) => {
    expect(rowOf(cleaned.decode({ id: '1', ...record }))).toEqual({ id: '1', code: 'NONE', count: 3, ...cells })
  })

  test.each([
    [{ count: 'many' }, 'count'],
    [{ count: '1,23' }, 'count'],
    [{ active: 'maybe' }, 'active'],
    [{ seen: 'now' }, 'seen'],
    [{ seen: 1e300 }, 'seen'],
    [{ born: 3600 }, 'born'],
    [{ tags: 5 }, 'tags'],
    [{ income: 'rich' }, 'income'],
    [{ income: '< 1,23' }, 'income'],
    [{ income: '$1.5 +' }, 'income.min'],
  ])('%j cannot be parsed', (record, field) => {
    expect(problems(cleaned.decode({ id: '1', ...record }))).toEqual([`RECORD_FIELD_TYPE ${field}`])
  })
})

describe('checks', () => {
  const checked = thingWith(`
    code: String @check(id: "form", pattern: "^[A-Z]+$") @check(id: "long", length: "[2,3]")
    kind: String @check(id: "known", oneOf: ["a", "b"], onFail: WARN)
    size: Int @check(id: "size", range: "(0,10]")
    money: Decimal @check(id: "money", range: "[0.1,12345678901234567890.5)")
    tags: [String!] @check(id: "few", length: "[0,2]")
    from: Date
    until: Date @check(id: "order", cel: "from <= value", message: "Ends before it starts.")
    total: Int @computed(cel: "size + 1") @check(id: "total", range: "[0,5]")`)

  test.each<[object, readonly string[]]>([
    [{ code: 'AB' }, []],
    [{ code: 'ab' }, ['form']],
    [{ code: 'A' }, ['long']],
    [{ code: '1' }, ['form', 'long']],
    [{ code: '😀😀😀😀' }, ['form', 'long']],
    [{ code: null, size: null }, []],
    [{ size: 0 }, ['size']],
    [{ size: 10 }, ['total']],
    [{ size: 11 }, ['size', 'total']],
    [{ money: '0.1' }, []],
    [{ money: '0.0999' }, ['money']],
    [{ money: '12345678901234567890.49' }, []],
    [{ money: '12345678901234567890.5' }, ['money']],
    [{ tags: ['a', 'b', 'c'] }, ['few']],
    [{ from: '2026-01-01', until: '2026-01-01' }, []],
    [{ from: '2026-01-02', until: '2026-01-01' }, ['order']],
    [{ until: '2026-01-01' }, []],
    [{ from: null, until: '2026-01-01' }, []],
  ])('%j fails %j', (record, failed) => {
    const decoded = checked.decode({ id: '1', ...record })
    const violations = decoded.kind === 'rejected' ? decoded.violations : []
    expect(violations.map((violation) => violation.checkId)).toEqual(failed)
  })

  test('a check that warns lets the record through and is told', () => {
    expect(checked.decode({ id: '1', kind: 'c' })).toMatchObject({
      kind: 'upsert',
      row: { id: '1', kind: 'c' },
      warnings: [
        { code: 'RECORD_CHECK_FAILED', field: 'kind', checkId: 'known', message: 'Must be one of a, b; it is "c".' },
      ],
    })
  })

  test("a violation has the author's message", () => {
    expect(violationsOf(checked.decode({ id: '1', from: '2026-01-02', until: '2026-01-01' }))[0]?.message).toBe(
      'Ends before it starts; it is "2026-01-01".',
    )
  })
})

describe('partial records', () => {
  const partial = thingWith(
    `name: String!
    price: Decimal!
    quantity: Int!
    double: Decimal! @computed(cel: "price * 2")
    size: Size`,
    { source: 'partial: true', types: 'type Size { width: Int! height: Int }' },
  )

  test('may lack required fields; what is computed from absent ones stays unchanged', () => {
    expect(rowOf(partial.decode({ id: '1', quantity: 2 }))).toEqual({ id: '1', quantity: 2 })
    expect(rowOf(partial.decode({ id: '1', price: '2.5' }))).toEqual({ id: '1', price: '2.5', double: '5' })
  })

  test('may not clear them, nor lack the key, nor send half a nested value', () => {
    expect(problems(partial.decode({ name: null, size: {} }))).toEqual([
      'RECORD_KEY_MISSING id',
      'RECORD_FIELD_MISSING name',
      'RECORD_FIELD_MISSING size.width',
    ])
  })
})
