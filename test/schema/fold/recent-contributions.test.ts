// Ordered functions whose contributions come nearly in order, as those of many partitions do: what comes late among the newest is put where it
// belongs, and the state is always that of a computation from scratch.
import { expect, test } from 'vitest'
import type { Contribution, FoldFunction } from '../../../schema/fold/fold-function.ts'
import { schemaLimits } from '../../../schema/schema-limits.ts'
import { seededInteger } from '../../seeded-random.ts'
import { foldFor, foldOf, inputOf } from './fold-model.ts'

/** Order matters, and nothing can be taken back. */
const diary: FoldFunction<{ lines: string[] }> = {
  init: () => ({ lines: [] }),
  apply(state, { member, value }) {
    state.lines.push(`${member}=${JSON.stringify(value['amount'])}`)
    return state
  },
  emit: ({ lines }) => [{ part: 'all', text: lines.join(' ') }],
}

const group = { store: 'a' }
const { foldRecentContributionsMax: keptMax } = schemaLimits

function diaryFold() {
  return foldFor(
    {
      reads: [inputOf('Sale', { id: 'ID', store: 'String', at: 'DateTime', amount: 'Int' })],
      folds: [foldOf('Sale', { time: 'at' })],
      groups: { store: ['String', 'store'] },
      fields: { part: 'String', text: 'String' },
      key: ['store', 'part'],
      function: { name: 'diary', ordered: true },
    },
    { diary },
  )
}

const sale = (number: number, amount: number): Contribution => ({
  input: 'Sale',
  timeMs: number * 10,
  member: String(number),
  value: { amount },
})

/** Every number once, none further from its place than `distance`. */
function nearlyInOrder(count: number, distance: number, random: (below: number) => number): readonly number[] {
  const places = Array.from({ length: count }, (_, number) => ({ number, place: number + random(distance) }))
  return places.toSorted((left, right) => left.place - right.place).map(({ number }) => number)
}

test.each([1, 2, 3, 4])('nearly in order, nothing is folded anew, also where rows are corrected (seed %i)', (seed) => {
  const random = seededInteger(seed)
  const fold = diaryFold()
  const arriving = nearlyInOrder(1_000, keptMax / 2, random)
  const held = new Map<number, Contribution>()
  let state = fold.init(group)
  for (let from = 0; from < arriving.length;) {
    const batch = arriving.slice(from, (from += random(20) + 1)).map((number) => sale(number, random(100)))
    for (const one of batch) held.set(Number(one.member), one)
    const applied = fold.apply(state, batch)
    if (applied === null) throw new Error('it was to be put where it belongs')
    state = applied
    const corrected = held.get(arriving[Math.max(0, from - random(10) - 1)] ?? -1)
    if (corrected !== undefined && random(3) === 0) {
      const without = fold.retract(state, [corrected])
      const after = { ...corrected, value: { amount: -1 } }
      const corrections = without === null ? null : fold.apply(without, [after])
      if (corrections === null) throw new Error('it was to be taken back')
      held.set(Number(after.member), after)
      state = corrections
    }
    expect(fold.rows(state, group)).toEqual(fold.rows(fold.refold(group, [...held.values()]), group))
  }
})

test.each([5, 6, 7])(
  'whatever is late, and whatever is read from the store, ends at the same rows (seed %i)',
  (seed) => {
    const random = seededInteger(seed)
    const fold = diaryFold()
    const held: Contribution[] = []
    let state = fold.init(group)
    let anew = 0
    for (const number of nearlyInOrder(600, 4 * keptMax, random)) {
      const one = sale(number, random(100))
      held.push(one)
      if (random(40) === 0) state = structuredClone(state)
      const applied = fold.apply(state, [one])
      if (applied === null) anew += 1
      state = applied ?? fold.refold(group, held)
      if (random(5) === 0) expect(fold.rows(state, group)).toEqual(fold.rows(fold.refold(group, held), group))
    }
    expect(fold.rows(state, group)).toEqual(fold.rows(fold.refold(group, held), group))
    expect(anew).toBeGreaterThan(5)
  },
)

test('what lies far behind has the group folded anew', () => {
  const fold = diaryFold()
  const many = Array.from({ length: 5 * keptMax }, (_, number) => sale(number + 1, number))
  const state = fold.refold(group, many)
  expect(fold.apply(state, [sale(0, 1)])).toBeNull()
})
