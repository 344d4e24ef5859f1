// What is in hand, by numbers: nothing is taken twice, and no number is another's.
import { expect, test } from 'vitest'
import { InHand } from '../../platform/in-hand.ts'
import { seededInteger } from '../seeded-random.ts'

test('gives each what was added under its number, once, whatever else comes and goes', () => {
  const inHand = new InHand<string>()
  const below = seededInteger(7)
  const expected = new Map<number, string>()
  const gone: number[] = []
  for (let step = 0; step < 5_000; step++) {
    const [first] = expected.keys()
    if (below(2) === 0 || first === undefined) {
      const id = inHand.add(`item ${step}`)
      expect(expected.has(id) || gone.includes(id)).toBe(false)
      expected.set(id, `item ${step}`)
    } else {
      const ids = [...expected.keys()]
      const id = ids[below(ids.length)] ?? first
      expect(inHand.take(id)).toBe(expected.get(id))
      expected.delete(id)
      gone.push(id)
    }
    expect(inHand.size).toBe(expected.size)
    expect(inHand.take(gone[below(gone.length + 1)] ?? 0)).toBeUndefined()
  }
  expect(new Map(inHand.entries())).toEqual(expected)
})
