import { describe, expect, test } from 'vitest'
import { compileCel } from '../../../schema/cel/compile-cel.ts'
import type { CelEvaluation, CelScope, CelVariable } from '../../../schema/cel/compile-cel.ts'
import type { FieldType, ScalarName, StoredField } from '../../../schema/model.ts'
import type { Row } from '../../../schema/row.ts'
import { schemaLimits } from '../../../schema/schema-limits.ts'

const scalar = (name: ScalarName): FieldType => ({ kind: 'scalar', scalar: name })
const location = { file: 'product.graphql', line: 1, column: 1 }

function field(name: string, type: FieldType, nullable = false): StoredField {
  return {
    kind: 'stored',
    name,
    type,
    nullable,
    description: null,
    governance: { subject: false, personal: null, mask: null, access: null },
    passedDirectives: [],
    location,
    extraction: { path: [name], trim: false, emptyAsNull: false, letterCase: null, defaultText: null, parse: null },
    checks: [],
  }
}

const variable = (type: FieldType, nullable = false): CelVariable => ({ type, nullable })

const scope: CelScope = {
  variables: new Map([
    ['total', variable(scalar('Decimal'))],
    ['discount', variable(scalar('Decimal'), true)],
    ['quantity', variable(scalar('Int'))],
    ['weight', variable(scalar('Float'))],
    ['big', variable(scalar('BigInt'))],
    ['placedAt', variable(scalar('DateTime'))],
    ['day', variable(scalar('Date'))],
    ['type', variable(scalar('String'))],
    ['phone', variable(scalar('String'), true)],
    ['paid', variable(scalar('Boolean'))],
    ['status', variable({ kind: 'enum', name: 'Status' })],
    ['tags', variable({ kind: 'list', of: scalar('String'), itemsNullable: false }, true)],
    ['range', variable({ kind: 'object', name: 'Range' }, true)],
    ['lines', variable({ kind: 'list', of: { kind: 'object', name: 'Line' }, itemsNullable: false })],
    ['extra', variable(scalar('JSON'), true)],
  ]),
  valueTypes: [
    {
      name: 'Line',
      description: null,
      fields: [
        field('amount', scalar('Decimal')),
        field('quantity', scalar('Int')),
        field('note', scalar('String'), true),
      ],
      passedDirectives: [],
      location,
    },
    {
      name: 'Range',
      description: null,
      fields: [field('min', scalar('Int')), field('max', scalar('Int'), true)],
      passedDirectives: [],
      location,
    },
  ],
  enums: [
    {
      name: 'Status',
      description: null,
      values: [
        { name: 'OPEN', description: null },
        { name: 'PAID', description: null },
      ],
      location,
    },
  ],
}

const row: Row = {
  total: '5.7',
  discount: null,
  quantity: 3,
  weight: 1.5,
  big: '9007199254740993',
  placedAt: '2026-01-02T03:04:05.678Z',
  day: '2026-01-02',
  type: 'web',
  phone: null,
  paid: true,
  status: 'PAID',
  tags: ['a', 'b'],
  range: { min: 3, max: null },
  lines: [
    { amount: '2.5', quantity: 1, note: null },
    { amount: '3.2', quantity: 2, note: 'x' },
  ],
  extra: { deep: [1, 'two'] },
}

function evaluate(source: string, cells: Row = row, expected?: FieldType): CelEvaluation {
  const compiled = compileCel(source, expected === undefined ? scope : { ...scope, expected })
  if (compiled.kind === 'error') throw new Error(`${source}: ${compiled.message}`)
  return compiled.expression.evaluate(cells)
}

describe('evaluates in row representation', () => {
  test.each<[string, unknown]>([
    ['total == lines.map(l, l.amount).sum()', true],
    ['lines.all(l, l.amount > 0.0 && l.quantity > 0)', true],
    ['lines.map(l, l.amount).sum()', '5.7'],
    ['lines.filter(l, false).map(l, l.amount).sum()', '0'],
    ['lines.map(l, l.quantity).sum()', '3'],
    ['lines.map(l, l.amount).max()', '3.2'],
    ['lines.map(l, l.amount).min()', '2.5'],
    ['[0.1, 0.2].sum()', 0.1 + 0.2],
    ['total * 1.1', '6.27'],
    ['total - 6', '-0.3'],
    ['2 * total + 0.1', '11.5'],
    ['-total', '-5.7'],
    ['abs(total - 6)', '0.3'],
    ['max(total, decimal("5.8"))', '5.8'],
    ['total == 5.70 && total != 5 && total >= 5.7 && 6 > total', true],
    ['total == decimal("5.70")', true],
    ['int(total)', '5'],
    ['double(total)', 5.7],
    ['string(total) + type', '5.7web'],
    ['decimal("1.20")', '1.2'],
    ['decimal(big) + 0.5', '9007199254740993.5'],
    ['big + 1', '9007199254740994'],
    ['weight * 2.0', 3],
    ['type == "web"', true],
    ['status == "PAID"', true],
    ['status in ["OPEN", "PAID"]', true],
    ['placedAt.getFullYear() == 2026', true],
    ['placedAt > timestamp("2026-01-01T00:00:00Z")', true],
    ['placedAt - timestamp("2026-01-02T03:04:00Z") < duration("6s")', true],
    ['placedAt', '2026-01-02T03:04:05.678Z'],
    ['day + duration("24h")', '2026-01-03T00:00:00.000Z'],
    ['phone == null', true],
    ['phone != null || paid', true],
    ['phone == null || phone.startsWith("+")', true],
    ['range == null', false],
    ['range.min', '3'],
    ['range.max == null', true],
    ['tags == null', false],
    ['"a" in tags', true],
    ['tags.exists(t, t == "b")', true],
    ['lines', row['lines']],
    ['extra.deep[1] == "two"', true],
    ['cel.bind(t, lines.map(l, l.amount).sum(), t > 1 && t == total)', true],
    ['lines.map(type, type.quantity).sum() > 0 && type == "web"', true],
  ])('%s', (source, value) => {
    expect(evaluate(source)).toEqual({ kind: 'value', value })
  })
})

describe('an expected type', () => {
  test.each<[string, ScalarName, unknown]>([
    ['lines.map(l, l.quantity).sum()', 'Int', 3],
    ['quantity', 'Float', 3],
    ['quantity', 'Decimal', '3'],
    ['placedAt', 'Date', '2026-01-02'],
    ['type', 'ID', 'web'],
    ['paid', 'Boolean', true],
  ])('%s fills %s', (source, name, value) => {
    expect(evaluate(source, row, scalar(name))).toEqual({ kind: 'value', value })
  })

  test.each<[string, ScalarName]>([
    ['total', 'Boolean'],
    ['weight', 'Decimal'],
    ['type', 'Int'],
    ['total', 'Float'],
  ])('%s does not fill %s', (source, name) => {
    expect(compileCel(source, { ...scope, expected: scalar(name) }).kind).toBe('error')
  })

  test('an integer beyond 32 bits is no Int', () => {
    expect(evaluate('big', row, scalar('Int'))).toEqual({
      kind: 'error',
      message: 'the result 9007199254740993 is no 32-bit Int',
      onNull: false,
    })
  })
})

describe('refuses when it compiles', () => {
  test.each<[string, string, number]>([
    ['totl > 0', 'Unknown variable: totl', 0],
    ['total / 2', 'no such overload: Decimal / int', 0],
    ['paid && total', "Logical operator requires bool operands, got 'Decimal'", 0],
    ['lines.all(l, l.amnt > 0)', 'No such key: amnt', 15],
    ['has(range.max)', 'has() says nothing here; compare with null, as in phone != null.', 0],
    ['1 +', 'Unexpected token: EOF', 3],
    ['status == "PIAD"', "'PIAD' is no value of status; it has OPEN, PAID.", 10],
    ['type.matches("(")', "'(' is no regular expression.", 13],
    [
      'total > 12345678901234567.1',
      'The number 12345678901234567.1 has more digits than a double holds; write decimal("12345678901234567.1").',
      8,
    ],
  ])('%s', (source, message, offset) => {
    expect(compileCel(source, scope)).toEqual({ kind: 'error', message, offset })
  })

  test('an expression longer than the limit', () => {
    const source = `paid${' '.repeat(schemaLimits.celExpressionCharactersMax)}`
    expect(compileCel(source, scope).kind).toBe('error')
  })

  test('an expression deeper than the limit, and the longest chain of operators compiles', () => {
    expect(compileCel(`${'('.repeat(100)}paid${')'.repeat(100)}`, scope).kind).toBe('error')
    expect(compileCel(`${'!'.repeat(1_900)}paid`, scope).kind).toBe('ok')
    expect(evaluate(`quantity${'+1'.repeat(900)}`)).toEqual({ kind: 'value', value: '903' })
  })
})

describe('fails as a value', () => {
  test('a null that was read makes the answer unknown', () => {
    expect(evaluate('discount > 0')).toMatchObject({ kind: 'error', onNull: true })
    expect(evaluate('range.min > 0', { ...row, range: null })).toMatchObject({ kind: 'error', onNull: true })
    expect(evaluate('lines.all(l, l.note.size() > 0)')).toMatchObject({ kind: 'error', onNull: true })
    expect(evaluate('phone.startsWith("+")', {})).toMatchObject({ kind: 'error', onNull: true })
  })

  test('an error without a null is an error', () => {
    expect(evaluate('lines[7].quantity > 0')).toMatchObject({ kind: 'error', onNull: false })
    expect(evaluate('lines.filter(l, false).map(l, l.amount).min() > 0')).toEqual({
      kind: 'error',
      message: 'min(): the list is empty',
      onNull: false,
    })
  })

  test('nested comprehensions end at the step budget', () => {
    const lines = Array.from({ length: 2_000 }, () => ({ amount: '1', quantity: 1, note: null }))
    const source = 'lines.all(a, lines.all(b, a.quantity == b.quantity))'
    expect(evaluate(source, { ...row, lines })).toEqual({
      kind: 'error',
      message: `the expression visits more than ${schemaLimits.celStepsMax} elements`,
      onNull: false,
    })
  })
})

test('tells which variables it reads, and not those that a comprehension binds', () => {
  const compiled = compileCel('lines.all(type, type.amount > 0) && total > discount', scope)
  expect(compiled.kind === 'ok' ? compiled.expression.reads : null).toEqual(['lines', 'total', 'discount'])
})

test('converts only what is read: a broken cell elsewhere does no harm', () => {
  expect(evaluate('total > 0', { total: '1', big: 'no number', lines: 'no list' })).toEqual({
    kind: 'value',
    value: true,
  })
})
