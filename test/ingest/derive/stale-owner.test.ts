// An owner of a partition that does not know that it is none any more, beside its successor: of the contribute stage and of the fold stage, their
// calls in any order. Whatever the former still does, the derived topic ends with the folds over the inputs' visible rows.
import { expect, test } from 'vitest'
import { handedMinutes, handedRuns, handedShopDays, handedSingles, handedTotals } from './fold-bed.ts'
import { handOvers } from './hand-overs.ts'

const given = process.env['MESHGATE_TEST_SEEDS']
const seedsOr = (seeds: readonly number[]): readonly number[] => given?.split(',').map(Number) ?? seeds

test.for(seedsOr([2, 8, 26, 224]))('what a former owner still does changes nothing (seed %s)', async (seed) => {
  await handOvers(handedTotals, seed, (told, expected) => expect(told).toEqual(expected))
})

test.for(seedsOr([8, 165, 233]))(
  'what a former owner still does changes no rows of a group that has many (seed %s)',
  async (seed) => {
    await handOvers(handedShopDays, seed, (told, expected) => expect(told).toEqual(expected))
  },
)

// In seed 2 a row that contributes nothing comes before the first one of its group.
test.for(seedsOr([2, 9]))('nor where keys alone decide the groups (seed %s)', async (seed) => {
  await handOvers(handedSingles, seed, (told, expected) => expect(told).toEqual(expected))
})
test.for(seedsOr([1, 2, 3, 4]))(
  'what a former owner still does changes nothing of a direct fold (seed %s)',
  async (seed) => {
    await handOvers(handedMinutes, seed, (told, expected) => expect(told).toEqual(expected))
  },
)

test.for(seedsOr([1, 2, 3, 4]))(
  'what a former owner still does changes nothing of a direct fold that is put in order (seed %s)',
  async (seed) => {
    await handOvers(handedRuns, seed, (told, expected) => expect(told).toEqual(expected))
  },
)
