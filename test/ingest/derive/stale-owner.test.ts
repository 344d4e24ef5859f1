// An owner of a partition that does not know that it is none any more, beside its successor: of the contribute stage and of the fold stage, their
// calls in any order. Whatever the former still does, the derived topic ends with the folds over the inputs' visible rows.
import { expect, test } from 'vitest'
import { handOvers } from './hand-overs.ts'

const SEEDS = (process.env['MESHGATE_TEST_SEEDS'] ?? '2,8').split(',').map(Number)

test.for(SEEDS)('what a former owner still does changes nothing (seed %s)', async (seed) => {
  await handOvers(seed, (told, expected) => expect(told).toEqual(expected))
})
