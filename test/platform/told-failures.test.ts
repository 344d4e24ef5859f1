import { expect, test } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { ToldFailures } from '../../platform/telemetry/told-failures.ts'
import { ManualClock } from '../manual-clock.ts'

test('of like failures the first is told, then one now and then with how many there were in between', () => {
  const clock = new ManualClock()
  const told = new ToldFailures(clock)
  expect([told.next('a'), told.next('a'), told.next('b'), told.next('a')]).toEqual([0, null, 0, null])
  clock.advance(limits.failureLogIntervalMs)
  expect([told.next('a'), told.next('a')]).toEqual([2, null])
})
