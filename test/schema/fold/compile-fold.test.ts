// What a group's contributions come to: rows, states that cannot tell, and folds that fail.
import { describe, expect, test } from 'vitest'
import { compileFold } from '../../../schema/fold/compile-fold.ts'
import { FoldFailure } from '../../../schema/fold/fold-failure.ts'
import type { Contribution, FoldFunction } from '../../../schema/fold/fold-function.ts'
import type { Row, Value } from '../../../schema/row.ts'
import { schemaLimits } from '../../../schema/schema-limits.ts'
import { type AggregateText, type DerivedText, derivedOf, engineFor, foldFor, foldOf, inputOf } from './fold-model.ts'

const sale = inputOf('Sale', { id: 'ID', store: 'String', at: 'DateTime?', amount: 'Decimal?' })
const target = inputOf('Target', { id: 'ID', store: 'String', amount: 'Decimal' })
const group = { store: 'a' }

const withAggregates = (aggregates: Readonly<Record<string, AggregateText>>, others: Partial<DerivedText> = {}) =>
  foldFor({
    reads: [sale],
    folds: [foldOf('Sale', { time: 'at' })],
    groups: { store: ['String', 'store'] },
    aggregates,
    ...others,
  })

/** What a fold with one aggregated value is given. */
const held = (member: string, timeMs: number | null, ...values: Value[]): Contribution => ({
  input: 'Sale',
  timeMs,
  member,
  value: { v: values },
})

describe('rows', () => {
  const sums: DerivedText = {
    reads: [sale, target],
    folds: [foldOf('Sale'), foldOf('Target', { required: true })],
    groups: { store: ['String', 'store', 'store'] },
    aggregates: {
      sold: { function: 'SUM', field: 'Decimal', cel: 'amount', type: 'Decimal' },
      sales: { function: 'COUNT', field: 'BigInt' },
      target: { function: 'SUM', field: 'Decimal', cel: 'amount', type: 'Decimal', fold: 1 },
      least: { function: 'MIN', field: 'Decimal?', cel: 'amount', type: 'Decimal' },
    },
  }

  test('join several inputs by the group; there are none before every required input contributes', () => {
    const engine = engineFor(foldFor(sums))
    engine.put(0, 's1', { id: 's1', store: 'a', amount: '1.5' })
    expect(engine.rows()).toEqual([])
    engine.put(1, 't1', { id: 't1', store: 'a', amount: '10' })
    expect(engine.rows()).toEqual([{ store: 'a', sold: '1.5', sales: '1', target: '10', least: '1.5' }])
    engine.put(0, 's1', null)
    expect(engine.rows()).toEqual([{ store: 'a', sold: '0', sales: '0', target: '10', least: null }])
    engine.put(1, 't1', { id: 't1', store: 'b', amount: '10' })
    expect(engine.rows()).toEqual([{ store: 'b', sold: '0', sales: '0', target: '10', least: null }])
  })

  test('there are none where nothing contributes any more', () => {
    const engine = engineFor(withAggregates({ rows: { function: 'COUNT', field: 'Int' } }))
    engine.put(0, 's1', { id: 's1', store: 'a' })
    expect(engine.rows()).toEqual([{ store: 'a', rows: 1 }])
    engine.put(0, 's1', null)
    expect(engine.rows()).toEqual([])
  })
})

describe('a state that cannot tell is null', () => {
  const amount = { cel: 'amount', type: 'Decimal' } as const

  test('a minimum when its last is taken back, and not before', () => {
    const fold = withAggregates({ least: { function: 'MIN', field: 'Decimal?', ...amount } })
    const [one, two, three] = [held('1', 1, '5'), held('2', 2, '5'), held('3', 3, '7')]
    const state = fold.refold(group, [one, two, three])
    const after = fold.retract(fold.retract(state, [three]) ?? null, [one])
    expect(fold.rows(after, group)).toEqual([{ store: 'a', least: '5' }])
    expect(fold.retract(after, [two])).toBeNull()
  })

  test('the first or last when it is taken back; of one time the member decides', () => {
    const fold = withAggregates({ last: { function: 'LAST', field: 'Decimal?', ...amount } })
    const contributions = [held('b', 5, '1'), held('c', 5, '2'), held('a', 5, '3'), held('z', null, '4')]
    expect(fold.rows(fold.refold(group, contributions), group)).toEqual([{ store: 'a', last: '2' }])
    expect(fold.retract(fold.refold(group, contributions), [held('a', 5, '3'), held('z', null, '4')])).not.toBeNull()
    expect(fold.retract(fold.refold(group, contributions), [held('c', 5, '2')])).toBeNull()
  })

  test('sessions when they grow together or something is taken back; not when one grows or begins', () => {
    const fold = withAggregates(
      { sum: { function: 'SUM', field: 'Decimal', ...amount } },
      { window: { kind: 'session', gapMs: 1_000 } },
    )
    const state = fold.apply(fold.init(group), [held('1', 0, '1'), held('2', 5_000, '2'), held('3', 1_000, '4'), held('4', 4_000, '8')])
    expect(fold.rows(state, group)).toEqual([
      { store: 'a', windowStart: '1970-01-01T00:00:00.000Z', windowEnd: '1970-01-01T00:00:01.000Z', sum: '5' },
      { store: 'a', windowStart: '1970-01-01T00:00:04.000Z', windowEnd: '1970-01-01T00:00:05.000Z', sum: '10' },
    ])
    const refolded = () => fold.refold(group, [held('1', 0, '1'), held('2', 2_000, '2')])
    expect(fold.rows(refolded(), group)).toHaveLength(2)
    expect(fold.apply(refolded(), [held('3', 1_000, '4')])).toBeNull()
    expect(fold.retract(refolded(), [held('1', 0, '1')])).toBeNull()
  }) // prettier-ignore
})

describe('bounds of a group', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => held(String(at), at * 10_000, String(at)))

  test('different values', () => {
    const fold = withAggregates({
      different: { function: 'COUNT_DISTINCT', field: 'Int', cel: 'amount', type: 'Decimal' },
    })
    const most = many(schemaLimits.foldDistinctValuesMax)
    const state = fold.refold(group, most)
    expect(fold.rows(state, group)).toEqual([{ store: 'a', different: most.length }])
    const one = held('one more', 0, '-1')
    expect(fold.apply(state, [one])).toBeNull()
    expect(() => fold.refold(group, [...most, one])).toThrow(
      'tests/derived.Derived: different has more than 10000 different values in group {"store":"a"}.',
    )
  })

  test('sessions', () => {
    const fold = withAggregates(
      { rows: { function: 'COUNT', field: 'Int' } },
      { window: { kind: 'session', gapMs: 1 } },
    )
    const most = many(schemaLimits.foldRowsOfGroupMax)
    const state = fold.refold(group, most)
    expect(fold.rows(state, group)).toHaveLength(most.length)
    expect(fold.apply(state, [held('one more', -10_000)])).toBeNull()
    expect(() => fold.refold(group, [...most, held('one more', -10_000)])).toThrow(FoldFailure)
  })
})

describe('a function in code', () => {
  const text: DerivedText = {
    reads: [sale],
    folds: [foldOf('Sale', { time: 'at' })],
    groups: { store: ['String', 'store'] },
    fields: { part: 'String', total: 'Decimal?' },
    key: ['store', 'part'],
    function: { name: 'f', ordered: true },
  }
  const giving = (rows: unknown): FoldFunction => ({
    init: () => 0,
    apply: (state) => state,
    emit: () => rows as readonly Row[],
  })
  const failureOf = (call: () => unknown): FoldFailure => {
    try {
      call()
    } catch (error) {
      if (error instanceof FoldFailure) return error
    }
    throw new Error('it did not fail')
  }
  const one = held('1', 1)

  test('that is missing is told with those there are', () => {
    const { product, entity } = derivedOf(text)
    const failure = failureOf(() => compileFold(product, entity, { g: giving([]) }))
    expect(failure).toMatchObject({
      reason: 'function-missing',
      message: 'tests/derived.Derived: there is no fold function "f": folds.ts exports g.',
    })
    expect(failureOf(() => compileFold(product, entity, {})).message).toContain('exports none')
    const inherited = { ...entity, derivation: entity.derivation && { ...entity.derivation, function: { name: 'toString', ordered: false } } }
    expect(failureOf(() => compileFold(product, inherited, {})).reason).toBe('function-missing')
  }) // prettier-ignore

  test('that throws leaves no state; what it threw is told with product, entity, function and group', () => {
    const throwing: FoldFunction = {
      ...giving([]),
      apply: () => {
        throw new Error('no such rate')
      },
    }
    const fold = foldFor(text, { f: throwing })
    expect(fold.apply(fold.init(group), [one])).toBeNull()
    expect(failureOf(() => fold.refold(group, [one]))).toMatchObject({
      reason: 'function-failed',
      message: 'tests/derived.Derived: fold function "f" threw in apply: no such rate, for group {"store":"a"}.',
    })
  })

  test('whose state cannot be stored is told at once', () => {
    const kept = foldFor(text, { f: { ...giving([]), init: () => new Map() as unknown as Value } })
    expect(failureOf(() => kept.init(group)).message).toContain('has a state that is no JSON value')
  })

  test.each([
    ['no list', { part: 'x' }, 'emit must give a list'],
    ['no row', ['x'], 'a row must be an object'],
    ['no key', [{ total: '1' }], 'a row has no "part", a field of the key'],
    ['an unknown field', [{ part: 'x', totl: '1' }], '"totl" is no field that is stored'],
    ['another group', [{ store: 'b', part: 'x' }], '"store" is not the group\'s'],
    ['a key twice', [{ part: 'x' }, { part: 'x' }], 'two rows have the key ["a","x"]'],
  ])('that gives rows with %s is told', (_, rows, message) => {
    const fold = foldFor(text, { f: giving(rows) })
    const failure = failureOf(() => fold.rows(fold.refold(group, [one]), group))
    expect(failure).toMatchObject({ reason: 'rows-invalid', message: expect.stringContaining(message) })
  })

  test('gives rows with the group in them, or without', () => {
    const rows = [{ part: 'x', total: '1' }, { store: 'a', part: 'y' }]
    const fold = foldFor(text, { f: giving(rows) })
    expect(fold.rows(fold.refold(group, [one]), group)).toEqual([
      { store: 'a', part: 'x', total: '1' },
      { store: 'a', part: 'y' },
    ])
    expect(fold.rows(fold.init(group), group)).toEqual([])
  }) // prettier-ignore

  test('that wants order is not given one that comes late to a state from the store, nor one twice', () => {
    const fold = foldFor(text, { f: giving([]) })
    const state = () => structuredClone(fold.refold(group, [held('m', 5)]))
    expect(fold.apply(state(), [held('n', 5), held('a', 6)])).not.toBeNull()
    expect(fold.apply(fold.refold(group, [held('m', 5)]), [held('m', 5)])).toBeNull()
    expect(fold.apply(state(), [held('l', 5)])).toBeNull()
    expect(fold.apply(state(), [held('m', 5)])).toBeNull()
    expect(fold.apply(state(), [held('z', 9), held('z', null)])).toBeNull()
  })

  test('that cannot take back has its group folded anew', () => {
    const fold = foldFor(text, { f: giving([]) })
    expect(fold.retract(fold.refold(group, [one]), [one])).toBeNull()
    const able = foldFor(text, { f: { ...giving([]), retract: (state) => state } })
    expect(able.retract(able.refold(group, [one]), [one])).not.toBeNull()
  })
})

describe('the definition', () => {
  const text: DerivedText = {
    reads: [sale],
    folds: [foldOf('Sale')],
    groups: { store: ['String', 'store'] },
    aggregates: { sum: { function: 'SUM', field: 'Decimal', cel: 'amount', type: 'Decimal' } },
  }
  const definitionOf = (others: Partial<DerivedText>) => foldFor({ ...text, ...others }).definition

  test('is the same wherever it stands in its file, and however often rows are told', () => {
    const moved = { ...sale, location: { file: 'other.graphql', line: 9, column: 9 } }
    expect(definitionOf({ reads: [moved], everyMs: 5_000 })).toBe(definitionOf({}))
  })

  test.each<[string, Partial<DerivedText>]>([
    ['a filter', { folds: [foldOf('Sale', { where: 'amount > 0' })] }],
    ['a group', { groups: { store: ['String', 'store + store'] } }],
    ['a window', { window: { kind: 'session', gapMs: 5 } }],
    ['an aggregate', { aggregates: { sum: { function: 'MAX', field: 'Decimal', cel: 'amount', type: 'Decimal' } } }],
    ['the type of a field that is read', { reads: [inputOf('Sale', { id: 'ID', store: 'ID', amount: 'Decimal' })] }],
    ['where rows come from', { reads: [{ ...sale, product: 'other/sale' }] }],
  ])('is another with another %s', (_, others) => {
    expect(definitionOf(others)).not.toBe(definitionOf({}))
  })

  test('has the code of a function', () => {
    const coded = (f: FoldFunction) =>
      foldFor({ ...text, aggregates: {}, function: { name: 'f', ordered: false } }, { f }).definition
    const f: FoldFunction = { init: () => 0, apply: (state) => state, emit: () => [] }
    expect(coded({ ...f })).toBe(coded(f))
    expect(coded({ ...f, apply: () => 1 })).not.toBe(coded(f))
    expect(coded({ ...f, retract: (state) => state })).not.toBe(coded(f))
    expect(coded({ ...f, version: '2' })).not.toBe(coded(f))
  })

  test('has the hash of the code of a function where that is known, in place of the function’s own text', () => {
    const f: FoldFunction = { init: () => 0, apply: (state) => state, emit: () => [] }
    const hashed = (hash: string, named = f) =>
      foldFor({ ...text, aggregates: {}, function: { name: 'f', ordered: false } }, { f: named }, hash).definition
    expect(hashed('one')).toBe(hashed('one', { ...f, apply: () => 1 }))
    expect(hashed('one')).not.toBe(hashed('two'))
    expect(hashed('one')).not.toBe(hashed('one', { ...f, version: '2' }))
  })
})
