// What rows contribute, and to which groups.
import { describe, expect, test } from 'vitest'
import type { CompiledFold, Contributed, RowReference } from '../../../schema/fold/compiled-fold.ts'
import type { Contribution } from '../../../schema/fold/fold-function.ts'
import type { Row } from '../../../schema/row.ts'
import { schemaLimits } from '../../../schema/schema-limits.ts'
import { type DerivedText, foldFor, foldOf, inputOf, joinOf, valueTypeOf } from './fold-model.ts'

const sale = inputOf('Sale', {
  id: 'ID',
  store: 'String?',
  at: 'DateTime?',
  amount: 'Decimal?',
  lines: '[Line]?',
  productId: 'ID?',
})
const product = inputOf('Product', { id: 'ID', price: 'Decimal', makerId: 'ID?' })
const maker = inputOf('Maker', { country: 'String', id: 'ID', name: 'String' }, ['country', 'id'])
const line = valueTypeOf('Line', { productId: 'ID', quantity: 'Int' })

const plain: DerivedText = {
  reads: [sale, product, maker],
  readTypes: [line],
  folds: [foldOf('Sale')],
  groups: { store: ['String', 'store'] },
  aggregates: { sum: { function: 'SUM', field: 'Decimal', cel: 'amount', type: 'Decimal' } },
}

const none = () => null

function contributed(
  fold: CompiledFold,
  row: Row,
  joined: (reference: RowReference) => Row | null = none,
): Contributed {
  const input = fold.inputs[0]
  if (input === undefined) throw new Error('no input')
  return input.contribute('m', row, joined)
}

/** Contributions by group text. */
function groupsOf(result: Contributed): Readonly<Record<string, readonly Contribution[]>> {
  if (result.kind === 'failed') throw new Error(result.message)
  return Object.fromEntries([...result.groups].map(([text, { contributions }]) => [text, contributions]))
}

const groupTexts = (result: Contributed): readonly string[] => Object.keys(groupsOf(result))

describe('a row contributes', () => {
  test('its values to the group that its expressions name', () => {
    const result = contributed(foldFor(plain), { id: '1', store: 'a', amount: '1.5' })
    expect(result).toEqual({
      kind: 'contributed',
      groups: new Map([
        [
          '["a"]',
          {
            group: { text: '["a"]', row: { store: 'a' } },
            contributions: [{ input: 'Sale', timeMs: null, member: 'm', value: { v: ['1.5'] } }],
          },
        ],
      ]),
    })
  })

  test('nothing where a part of the group is null, or unknown for a null', () => {
    expect(groupsOf(contributed(foldFor(plain), { id: '1', store: null, amount: '1' }))).toEqual({})
    const unknown = foldFor({ ...plain, groups: { store: ['String', 'store.upperAscii()'] } })
    expect(groupsOf(contributed(unknown, { id: '1', amount: '1' }))).toEqual({})
  })

  test('nothing where the filter is false, null, or unknown for a null', () => {
    const fold = foldFor({ ...plain, folds: [foldOf('Sale', { where: 'amount > 1' })] })
    expect(groupTexts(contributed(fold, { id: '1', store: 'a', amount: '1.01' }))).toEqual(['["a"]'])
    expect(groupTexts(contributed(fold, { id: '1', store: 'a', amount: '1' }))).toEqual([])
    expect(groupTexts(contributed(fold, { id: '1', store: 'a', amount: null }))).toEqual([])
  })

  test('nothing where an expression fails, which is told', () => {
    const fold = foldFor({ ...plain, groups: { store: ['String', 'string(lines[3].quantity)'] } })
    const lines = [{ productId: 'p', quantity: 1 }]
    expect(contributed(fold, { id: '1', lines })).toEqual({
      kind: 'failed',
      expression: '@group of store "string(lines[3].quantity)"',
      message: expect.stringContaining('3'),
    })
  })

  test('nothing where an average is to be made of what turns out to be no number', () => {
    const average = {
      function: 'AVERAGE',
      field: 'Float?',
      cel: 'store == "a" ? dyn(amount) : dyn(id)',
      type: 'JSON',
    } as const
    const fold = foldFor({ ...plain, aggregates: { average } })
    expect(groupTexts(contributed(fold, { id: 'x', store: 'a', amount: '1.5' }))).toEqual(['["a"]'])
    expect(contributed(fold, { id: 'x', store: 'b', amount: '1.5' })).toMatchObject({ message: 'it gives no number' })
  })

  test('each value once, however many aggregates share it, and of a COUNT only whether there is one', () => {
    const amount = { cel: 'amount', type: 'Decimal' } as const
    const fold = foldFor({
      ...plain,
      aggregates: {
        rows: { function: 'COUNT', field: 'Int' },
        known: { function: 'COUNT', field: 'Int', ...amount },
        sum: { function: 'SUM', field: 'Decimal', ...amount },
        average: { function: 'AVERAGE', field: 'Float?', ...amount },
        products: { function: 'COUNT', field: 'Int', cel: 'productId', type: 'ID' },
        large: { function: 'COUNT', field: 'Int', where: 'amount > 9' },
        largest: { function: 'MAX', field: 'Decimal?', ...amount, where: 'amount > 9' },
      },
    })
    const groups = groupsOf(contributed(fold, { id: '1', store: 'a', amount: '2', productId: 'long-text' }))
    expect(groups['["a"]']?.map(({ value }) => value)).toEqual([{ v: ['2', null, true, null] }])
  })

  test('for a function, what its input reads and joined rows, and nothing else', () => {
    const fold = foldFor(
      {
        ...plain,
        aggregates: {},
        folds: [
          foldOf('Sale', {
            each: { field: 'lines', as: 'line' },
            joins: [joinOf('Product', 'product', ['line.productId']), joinOf('Product', 'other', ['productId'], true)],
          }),
        ],
        function: { name: 'f', ordered: false },
      },
      { f: { init: () => 0, apply: (state) => state, emit: () => [] } },
    )
    const lines = [{ productId: 'p', quantity: 1 }]
    const row = { id: '1', store: 'a', amount: '2', lines, hidden: 1 }
    const found = { id: 'p', price: '3', hidden: 2 }
    const groups = groupsOf(contributed(fold, row, () => found))
    expect(groups['["a"]']?.[0]?.value).toEqual({
      id: '1', store: 'a', at: null, amount: '2', productId: null,
      line: lines[0], product: { id: 'p', price: '3', makerId: null }, other: null,
    }) // prettier-ignore
  })
})

describe('elements', () => {
  const fold = foldFor({
    ...plain,
    folds: [foldOf('Sale', { each: { field: 'lines', as: 'line' } })],
    groups: { product: ['ID', 'line.productId'] },
    aggregates: { sum: { function: 'SUM', field: 'Int', cel: 'line.quantity', type: 'Int' } },
  })

  test('contribute by themselves, in the order of their places, and null ones do not', () => {
    const line12 = Array.from({ length: 12 }, (_, at) => (at === 3 ? null : { productId: 'p', quantity: at }))
    const members = groupsOf(contributed(fold, { id: '1', lines: line12 }))['["p"]']?.map(({ member }) => member)
    expect(members).toHaveLength(11)
    expect(members).toEqual(members?.toSorted())
  })

  test('that are null contribute nothing to any group', () => {
    const counting = foldFor({
      ...plain,
      folds: [foldOf('Sale', { each: { field: 'lines', as: 'line' } })],
      aggregates: { lines: { function: 'COUNT', field: 'Int' } },
    })
    expect(groupTexts(contributed(counting, { id: '1', store: 'a', lines: [null] }))).toEqual([])
  })

  test('are what a function is given, in place of the list that they are from', () => {
    const fold = foldFor(
      {
        ...plain,
        folds: [foldOf('Sale', { each: { field: 'lines', as: 'line' } })],
        aggregates: {},
        function: { name: 'f', ordered: false },
      },
      { f: { init: () => 0, apply: (state) => state, emit: () => [] } },
    )
    const lines = [
      { productId: 'p', quantity: 1 },
      { productId: 'q', quantity: 2 },
    ]
    const given = groupsOf(contributed(fold, { id: '1', store: 'a', lines }))['["a"]']?.map(({ value }) => value)
    expect(given?.map(({ line }) => line)).toEqual(lines)
    for (const value of given ?? []) expect(value).not.toHaveProperty('lines')
    expect(given?.[0]).toMatchObject({ id: '1', store: 'a' })
  })

  test('of an empty or absent list contribute nothing', () => {
    expect(groupTexts(contributed(fold, { id: '1', lines: [] }))).toEqual([])
    expect(groupTexts(contributed(fold, { id: '1', lines: null }))).toEqual([])
  })

  test('that have more groups than a row may have make it fail', () => {
    const most = schemaLimits.foldGroupsOfRowMax
    const lines = (count: number) => Array.from({ length: count }, (_, at) => ({ productId: `p${at}`, quantity: 1 }))
    expect(groupTexts(contributed(fold, { id: '1', lines: lines(most) }))).toHaveLength(most)
    expect(contributed(fold, { id: '1', lines: lines(most + 1) }).kind).toBe('failed')
  })
})

describe('joined rows', () => {
  const twice: DerivedText = {
    ...plain,
    folds: [
      foldOf('Sale', {
        where: 'amount > 0',
        joins: [joinOf('Product', 'product', ['productId']), joinOf('Maker', 'maker', ['"DE"', 'product.makerId'])],
      }),
    ],
    groups: { maker: ['String', 'maker.name'] },
  }
  const row = { id: '1', store: 'a', amount: '1', productId: 'p' }
  const rows: Readonly<Record<string, Row>> = {
    p: { id: 'p', price: '2', makerId: 'm' },
    '["DE","m"]': { country: 'DE', id: 'm', name: 'Miller' },
  }
  const all = ({ keyText }: RowReference): Row | null => rows[keyText] ?? null

  test('are named as far as is known: one by the row of another', () => {
    const input = foldFor(twice).inputs[0]
    expect(input?.references(row, () => undefined)).toEqual([{ read: 1, keyText: 'p' }])
    const first = ({ keyText }: RowReference) => (keyText === 'p' ? rows['p'] : undefined)
    expect(input?.references(row, first)).toEqual([{ read: 1, keyText: 'p' }, { read: 2, keyText: '["DE","m"]' }])
    expect(input?.references(row, all)).toEqual([{ read: 1, keyText: 'p' }, { read: 2, keyText: '["DE","m"]' }])
    expect(input?.references(row, none)).toEqual([{ read: 1, keyText: 'p' }])
  }) // prettier-ignore

  test('are not looked for where a filter that does not need them is not true', () => {
    expect(foldFor(twice).inputs[0]?.references({ ...row, amount: '0' }, () => undefined)).toEqual([])
    expect(foldFor(plain).inputs[0]?.references(row, () => undefined)).toEqual([])
  })

  test('whose key needs another are not named before that one is known', () => {
    const key = 'product == null ? "none" : "some"'
    const joins = [joinOf('Product', 'product', ['productId']), joinOf('Product', 'other', [key], true)]
    const input = foldFor({ ...plain, folds: [foldOf('Sale', { joins })] }).inputs[0]
    expect(input?.references(row, () => undefined)).toEqual([{ read: 1, keyText: 'p' }])
    expect(input?.references(row, all)).toEqual([
      { read: 1, keyText: 'p' },
      { read: 1, keyText: 'some' },
    ])
  })

  test('are needed where no expression reads them, too', () => {
    const fold = foldFor({
      ...plain,
      folds: [foldOf('Sale', { joins: [joinOf('Product', 'product', ['productId'])] })],
    })
    expect(groupTexts(contributed(fold, row, all))).toEqual(['["a"]'])
    expect(groupTexts(contributed(fold, row))).toEqual([])
    expect(groupTexts(contributed(fold, { ...row, productId: null }, all))).toEqual([])
  })

  test('are needed, unless optional: then they are null', () => {
    expect(groupTexts(contributed(foldFor(twice), row, all))).toEqual(['["Miller"]'])
    expect(groupTexts(contributed(foldFor(twice), row))).toEqual([])
    const optional = foldFor({
      ...twice,
      folds: [foldOf('Sale', { joins: [joinOf('Product', 'product', ['productId'], true)] })],
      groups: { known: ['Boolean', 'product != null'] },
    })
    expect(groupTexts(contributed(optional, row, all))).toEqual(['[true]'])
    expect(groupTexts(contributed(optional, row))).toEqual(['[false]'])
    expect(groupTexts(contributed(optional, { ...row, productId: null }, all))).toEqual(['[false]'])
  })

  test('are told as reads beside the inputs that are folded', () => {
    expect(foldFor(twice).reads).toEqual([
      { input: 'Sale', product: 'tests/sale', entity: 'Sale', key: ['id'], fold: 0, joined: false },
      { input: 'Product', product: 'tests/product', entity: 'Product', key: ['id'], fold: null, joined: true },
      { input: 'Maker', product: 'tests/maker', entity: 'Maker', key: ['country', 'id'], fold: null, joined: true },
    ])
    expect(foldFor(plain).reads.map(({ input }) => input)).toEqual(['Sale'])
  })
})

describe('windows of time', () => {
  const windowed = (window: NonNullable<DerivedText['window']>) =>
    foldFor({ ...plain, folds: [foldOf('Sale', { time: 'at' })], window })
  const at = '2024-03-01T10:14:59.999Z'

  test('tumbling: the one that begins at or before the time', () => {
    const fold = windowed({ kind: 'tumbling', sizeMs: 900_000 })
    expect(groupTexts(contributed(fold, { store: 'a', at }))).toEqual(['["a","2024-03-01T10:00:00.000Z"]'])
    const next = contributed(fold, { store: 'a', at: '2024-03-01T10:15:00.000Z' })
    expect(groupTexts(next)).toEqual(['["a","2024-03-01T10:15:00.000Z"]'])
    expect(next.kind === 'contributed' && [...next.groups.values()][0]?.group.row).toEqual({
      store: 'a',
      windowStart: '2024-03-01T10:15:00.000Z',
      windowEnd: '2024-03-01T10:30:00.000Z',
    })
  })

  test('before 1970 too', () => {
    const fold = windowed({ kind: 'tumbling', sizeMs: 86_400_000 })
    const result = contributed(fold, { store: 'a', at: '1969-12-31T23:00:00.000Z' })
    expect(groupTexts(result)).toEqual(['["a","1969-12-31T00:00:00.000Z"]'])
  })

  test('sliding: all that the time is in', () => {
    const fold = windowed({ kind: 'sliding', sizeMs: 900_000, everyMs: 300_000 })
    expect(groupTexts(contributed(fold, { store: 'a', at }))).toEqual([
      '["a","2024-03-01T10:00:00.000Z"]',
      '["a","2024-03-01T10:05:00.000Z"]',
      '["a","2024-03-01T10:10:00.000Z"]',
    ])
  })

  test('a row without a time is in none', () => {
    const fold = windowed({ kind: 'tumbling', sizeMs: 900_000 })
    expect(groupTexts(contributed(fold, { store: 'a', at: null }))).toEqual([])
  })

  test('a row in more windows than it may have groups fails', () => {
    const fold = windowed({ kind: 'sliding', sizeMs: 86_400_000, everyMs: 1_000 })
    expect(contributed(fold, { store: 'a', at }).kind).toBe('failed')
  })
})

test('tells which fields decide the groups of a row, unless joined rows do', () => {
  const fieldsOf = (text: DerivedText) => foldFor(text).inputs[0]?.groupFields
  expect(fieldsOf(plain)).toEqual(['store'])
  const timed = [foldOf('Sale', { time: 'at', where: 'amount > 0' })]
  expect(fieldsOf({ ...plain, folds: timed })).toEqual(['store'])
  expect(fieldsOf({ ...plain, folds: timed, window: { kind: 'tumbling', sizeMs: 1_000 } })).toEqual(['store', 'at'])
  expect(fieldsOf({ ...plain, folds: timed, window: { kind: 'session', gapMs: 1_000 } })).toEqual(['store'])
  expect(fieldsOf({ ...plain, groups: { all: ['String', '"all"'] } })).toEqual([])
  const each = [foldOf('Sale', { each: { field: 'lines', as: 'line' } })]
  expect(fieldsOf({ ...plain, folds: each, groups: { product: ['ID', 'line.productId'] } })).toEqual(['lines'])
  const joins = [foldOf('Sale', { joins: [joinOf('Product', 'product', ['productId'])] })]
  expect(fieldsOf({ ...plain, folds: joins, groups: { price: ['Decimal', 'product.price'] } })).toBeNull()
  expect(fieldsOf({ ...plain, folds: joins })).toEqual(['store'])
})
