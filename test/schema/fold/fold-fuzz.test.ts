// Random rows that come, change, move and go, in random order: the state kept incrementally must give exactly the rows that are computed
// from all rows at once.
import { describe, expect, test } from 'vitest'
import type { FoldFunction } from '../../../schema/fold/fold-function.ts'
import type { Derivation } from '../../../schema/model.ts'
import { cellText, type Row, type Value } from '../../../schema/row.ts'
import { fractions, seededInteger, shuffled } from '../../seeded-random.ts'
import {
  type AggregateText,
  type Engine,
  engineFor,
  foldFor,
  foldOf,
  inputOf,
  joinOf,
  valueTypeOf,
} from './fold-model.ts'
import { type Fact, naive, type NaiveAggregate, naiveGroups, type NaiveWindow, sortedRows } from './naive-fold.ts'

type Random = (below: number) => number

const START_MS = Date.UTC(2024, 1, 28, 23)
const MINUTE_MS = 60_000
const decimals = ['0.1', '0.2', '-3.75', '1000000000000000000.01', '12.5', '0']
const floats = [0.1, 0.2, -0.3, 1e16, 1, 1e300, -1e300, 5e-324, 0]
const bigs = ['9007199254740991', '2', '9007199254740993', '-9007199254740993', '9223372036854775807', '1']
const names = ['Ann', 'ann', 'Zoë', '', '\u{1F600}', '\uFFFD', '__proto__']

const pick = <T>(items: readonly T[], random: Random): T => items[random(items.length)] as T
const orNull = (value: Value, random: Random): Value => (random(5) === 0 ? null : value)

function randomRow(id: string, random: Random): Row {
  return {
    id,
    store: pick(['a', 'b'], random),
    at: new Date(START_MS + random(60) * MINUTE_MS).toISOString(),
    amount: orNull(pick(decimals, random), random),
    score: orNull(pick(floats, random), random),
    quantity: random(7) - 3,
    big: orNull(pick(bigs, random), random),
    name: orNull(pick(names, random), random),
    paid: random(2) === 0,
  }
}

const sales = inputOf('Sale', {
  id: 'ID',
  store: 'String',
  at: 'DateTime',
  amount: 'Decimal?',
  score: 'Float?',
  quantity: 'Int',
  big: 'BigInt?',
  name: 'String?',
  paid: 'Boolean',
})

interface Case {
  readonly text: AggregateText
  readonly naive: NaiveAggregate
  readonly valueOf: (row: Row) => Value
}

const cell = (name: string) => (row: Row) => row[name] ?? null
const value = (name: string, type: string, text: Omit<AggregateText, 'cel' | 'type'>, of: NaiveAggregate): Case => ({
  text: { ...text, cel: name, type },
  naive: of,
  valueOf: cell(name),
})

const aggregates: Readonly<Record<string, Case>> = {
  rows: { text: { function: 'COUNT', field: 'Int' }, naive: naive.count, valueOf: () => true },
  paid: { text: { function: 'COUNT', field: 'BigInt', where: 'paid' }, naive: (facts, name) => String(naive.count(facts, name)), valueOf: (row) => row['paid'] === true || null },
  named: value('name', 'String', { function: 'COUNT', field: 'Int' }, naive.count),
  namesPaid: {
    text: { function: 'COUNT', field: 'Int', cel: 'name', type: 'String', where: 'paid' },
    naive: naive.count,
    valueOf: (row) => (row['paid'] === true ? (row['name'] ?? null) : null),
  },
  differentNames: value('name', 'String', { function: 'COUNT_DISTINCT', field: 'Int' }, naive.countDistinct),
  differentAmounts: value('amount', 'Decimal', { function: 'COUNT_DISTINCT', field: 'Int' }, naive.countDistinct),
  names: value('name', 'String', { function: 'COLLECT', field: '[String]' }, naive.collectTexts),
  amountSum: value('amount', 'Decimal', { function: 'SUM', field: 'Decimal' }, naive.sumAsText),
  scoreSum: value('score', 'Float', { function: 'SUM', field: 'Float' }, naive.sumAsNumber),
  quantitySum: value('quantity', 'Int', { function: 'SUM', field: 'Int' }, naive.sumAsNumber),
  bigSum: value('big', 'BigInt', { function: 'SUM', field: 'BigInt' }, naive.sumAsText),
  amountAverage: value('amount', 'Decimal', { function: 'AVERAGE', field: 'Float?' }, naive.average),
  scoreAverage: value('score', 'Float', { function: 'AVERAGE', field: 'Float?' }, naive.average),
  quantityAverage: value('quantity', 'BigInt', { function: 'AVERAGE', field: 'Float?' }, naive.average),
  bigAverage: value('big', 'BigInt', { function: 'AVERAGE', field: 'Float?' }, naive.average),
  dynAverage: {
    text: { function: 'AVERAGE', field: 'Float?', cel: 'paid ? dyn(amount) : dyn(quantity)', type: 'JSON' },
    naive: naive.average,
    valueOf: (row) => (row['paid'] === true ? row['amount'] : row['quantity']) ?? null,
  },
  amountMin: value('amount', 'Decimal', { function: 'MIN', field: 'Decimal?' }, naive.minNumber),
  bigMax: value('big', 'BigInt', { function: 'MAX', field: 'BigInt?' }, naive.maxNumber),
  scoreMax: value('score', 'Float', { function: 'MAX', field: 'Float?' }, naive.maxNumber),
  nameMin: value('name', 'String', { function: 'MIN', field: 'String?' }, naive.minText),
  nameMax: value('name', 'String', { function: 'MAX', field: 'String?' }, naive.maxText),
  atMax: value('at', 'DateTime', { function: 'MAX', field: 'DateTime?' }, naive.maxText),
  firstName: value('name', 'String', { function: 'FIRST', field: 'String?' }, naive.first),
  lastAmount: value('amount', 'Decimal', { function: 'LAST', field: 'Decimal?' }, naive.last),
  computed: {
    text: { function: 'SUM', field: 'Decimal', cel: 'amount * quantity', type: 'Decimal', where: 'quantity > 0' },
    naive: naive.sumAsText,
    valueOf: (row) => (Number(row['quantity']) > 0 && row['amount'] !== null ? times(row['amount'] as string, Number(row['quantity'])) : null),
  },
} // prettier-ignore

/** By adding up: nothing of the product's arithmetic. */
function times(amount: string, quantity: number): Value {
  const facts = Array.from({ length: quantity }, (): Fact => ({
    group: {},
    timeMs: 0,
    member: '',
    values: { x: amount },
  }))
  return naive.sumAsText(facts, 'x')
}

const windows: readonly (readonly [string, Derivation['window'], NaiveWindow])[] = [
  ['no window', null, { kind: 'none' }],
  ['tumbling windows', { kind: 'tumbling', sizeMs: 7 * MINUTE_MS }, { kind: 'sliding', sizeMs: 7 * MINUTE_MS, everyMs: 7 * MINUTE_MS }],
  ['sliding windows', { kind: 'sliding', sizeMs: 10 * MINUTE_MS, everyMs: 4 * MINUTE_MS }, { kind: 'sliding', sizeMs: 10 * MINUTE_MS, everyMs: 4 * MINUTE_MS }],
  ['sliding windows with time between', { kind: 'sliding', sizeMs: 4 * MINUTE_MS, everyMs: 10 * MINUTE_MS }, { kind: 'sliding', sizeMs: 4 * MINUTE_MS, everyMs: 10 * MINUTE_MS }],
  ['sessions', { kind: 'session', gapMs: 3 * MINUTE_MS }, { kind: 'session', gapMs: 3 * MINUTE_MS }],
] // prettier-ignore

/** Puts, replaces and removes rows, and compares now and then. */
function exercise(
  engine: Engine,
  random: Random,
  expected: (visible: ReadonlyMap<string, Row>) => readonly Row[],
): void {
  const visible = new Map<string, Row>()
  for (let step = 0; step < 120; step += 1) {
    const id = `s${random(25)}`
    const row = random(4) === 0 ? null : randomRow(id, random)
    if (row === null) visible.delete(id)
    else visible.set(id, row)
    engine.put(0, id, row)
    if (step % 10 === 9) expect(sortedRows(engine.rows()), `after step ${step}`).toEqual(sortedRows(expected(visible)))
  }
}

const factsOf = (visible: ReadonlyMap<string, Row>, valuesOf: (row: Row) => Record<string, Value>): readonly Fact[] =>
  [...visible].map(([member, row]) => ({
    group: { store: row['store'] ?? null },
    timeMs: Date.parse(row['at'] as string),
    member,
    values: valuesOf(row),
  }))

const seeds = [1, 2, 3, 4, 5]

describe.each(windows)('aggregates, %s', (_, window, naiveWindow) => {
  test.each(seeds)('incremental state gives the rows of a computation from scratch (seed %i)', (seed) => {
    const random = seededInteger(seed)
    const names = Object.entries(aggregates)
    const fold = foldFor({
      reads: [sales],
      folds: [foldOf('Sale', { time: 'at' })],
      groups: { store: ['String', 'store'] },
      window,
      aggregates: Object.fromEntries(names.map(([name, { text }]) => [name, text])),
    })
    const engine = engineFor(fold, { shuffle: (items) => shuffled(items, fractions(random)) })
    const valuesOf = (row: Row) => Object.fromEntries(names.map(([name, { valueOf }]) => [name, valueOf(row)]))
    exercise(engine, random, (visible) =>
      naiveGroups(factsOf(visible, valuesOf), naiveWindow).map(({ row, facts }) => ({
        ...row,
        ...Object.fromEntries(names.map(([name, one]) => [name, one.naive(facts, name)])),
      })),
    )
    expect(engine.refolds).toBeGreaterThan(0)
  })
})

/** Order matters: each contribution is appended to a text. */
const diary: FoldFunction<{ lines: string[] }> = {
  init: () => ({ lines: [] }),
  apply(state, { member, value }) {
    state.lines.push(`${member} ${cellText(value['quantity'])}`)
    return state
  },
  emit: ({ lines }) => [
    { part: 'all', text: lines.join(', ') },
    ...(lines.length > 3 ? [{ part: 'long', text: '' }] : []),
  ],
}

/** Order does not matter, and taking back is possible. */
const tally: FoldFunction<Record<string, number>> = {
  init: () => ({}),
  apply(state, { value }) {
    const key = `paid ${cellText(value['paid'])}`
    return { ...state, [key]: (state[key] ?? 0) + (value['quantity'] as number) }
  },
  retract(state, { value }) {
    const key = `paid ${cellText(value['paid'])}`
    return { ...state, [key]: (state[key] ?? 0) - (value['quantity'] as number) }
  },
  emit: (state) =>
    [true, false].map((paid) => ({ part: String(paid), text: String(state[`paid ${String(paid)}`] ?? 0) })),
}

const functions = { diary, tally } as const

describe.each(windows)('functions in code, %s', (_, window, naiveWindow) => {
  const valuesOf = ({ quantity, paid }: Row) => ({ quantity: quantity ?? null, paid: paid ?? null })
  const codeFold = (name: keyof typeof functions, ordered: boolean) =>
    foldFor(
      {
        reads: [sales],
        folds: [foldOf('Sale', { time: 'at' })],
        groups: { store: ['String', 'store'] },
        window,
        fields: { part: 'String', text: 'String' },
        key: ['store', ...(window === null ? [] : ['windowStart']), 'part'],
        function: { name, ordered },
      },
      functions,
    )

  test.each(seeds)('an ordered one sees contributions in the order of event time (seed %i)', (seed) => {
    const random = seededInteger(seed)
    const engine = engineFor(codeFold('diary', true), { shuffle: (items) => shuffled(items, fractions(random)) })
    exercise(engine, random, (visible) =>
      naiveGroups(factsOf(visible, valuesOf), naiveWindow).flatMap(({ row, facts }) => {
        const inOrder = facts.toSorted((a, b) => a.timeMs - b.timeMs || (a.member < b.member ? -1 : 1))
        const text = inOrder.map(({ member, values }) => `${member} ${cellText(values['quantity'])}`).join(', ')
        const rows = [{ ...row, part: 'all', text }]
        return facts.length > 3 ? [...rows, { ...row, part: 'long', text: '' }] : rows
      }),
    )
  })

  test.each(seeds)('one that can take back does (seed %i)', (seed) => {
    const random = seededInteger(seed)
    const engine = engineFor(codeFold('tally', false), { shuffle: (items) => shuffled(items, fractions(random)) })
    exercise(engine, random, (visible) =>
      naiveGroups(factsOf(visible, valuesOf), naiveWindow).flatMap(({ row, facts }) =>
        [true, false].map((paid) => {
          const sum = facts.reduce(
            (all, { values }) => all + (values['paid'] === paid ? (values['quantity'] as number) : 0),
            0,
          )
          return { ...row, part: String(paid), text: String(sum) }
        }),
      ),
    )
    if (naiveWindow.kind !== 'session') expect(engine.refolds).toBe(0)
  })
})

describe('elements and joined rows', () => {
  test.each(seeds)('give what a computation from scratch gives (seed %i)', (seed) => {
    const random = seededInteger(seed)
    const fold = foldFor({
      reads: [
        inputOf('Order', { id: 'ID', store: 'String?', lines: '[Line]' }),
        inputOf('Product', { id: 'ID', category: 'String', price: 'Decimal' }),
      ],
      readTypes: [valueTypeOf('Line', { productId: 'ID', quantity: 'Int' })],
      folds: [
        foldOf('Order', {
          each: { field: 'lines', as: 'line' },
          where: 'line.quantity > 0',
          joins: [joinOf('Product', 'product', ['line.productId'])],
        }),
      ],
      groups: { store: ['String', 'store'], category: ['String', 'product.category'] },
      aggregates: {
        amount: { function: 'SUM', field: 'Decimal', cel: 'product.price * line.quantity', type: 'Decimal' },
        lines: { function: 'COUNT', field: 'Int' },
      },
    })
    const products: Record<string, Row> = {
      p1: { id: 'p1', category: 'food', price: '1.25' },
      p2: { id: 'p2', category: 'food', price: '0.1' },
      p3: { id: 'p3', category: 'drink', price: '3' },
    }
    const engine = engineFor(fold, { joined: (_, keyText) => products[keyText] ?? null })
    const visible = new Map<string, Row>()
    const randomOrder = (id: string): Row => ({
      id,
      store: orNull(pick(['a', 'b'], random), random),
      lines: Array.from({ length: random(4) }, () => ({ productId: `p${random(5)}`, quantity: random(4) - 1 })),
    })
    for (let step = 0; step < 100; step += 1) {
      const id = `o${random(40)}`
      const row = random(6) === 0 ? null : randomOrder(id)
      if (row === null) visible.delete(id)
      else visible.set(id, row)
      engine.put(0, id, row)
    }
    const facts = [...visible.values()].flatMap(({ store, lines }) =>
      (lines as readonly { productId: string; quantity: number }[]).flatMap(({ productId, quantity }): Fact[] => {
        const product = products[productId]
        if (quantity <= 0 || product === undefined || store === undefined || store === null) return []
        const group = { store, category: product['category'] ?? null }
        return [
          {
            group,
            timeMs: 0,
            member: '',
            values: { amount: times(product['price'] as string, quantity), lines: true },
          },
        ]
      }),
    )
    const expected = naiveGroups(facts, { kind: 'none' }).map(({ row, facts: members }) => ({
      ...row,
      amount: naive.sumAsText(members, 'amount'),
      lines: naive.count(members, 'lines'),
    }))
    expect(expected.length).toBeGreaterThan(1)
    expect(sortedRows(engine.rows())).toEqual(sortedRows(expected))
  })
})
