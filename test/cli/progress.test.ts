import { expect, test } from 'vitest'
import { createProgress, progressLine } from '../../cli/progress.ts'
import type { Clock } from '../../platform/ports/clock.ts'

const STATE = { label: 'sales.orders', done: 5_000, total: 20_000 }

function clockAt(time: { ms: number }): Clock {
  return { now: () => time.ms, monotonic: () => time.ms, sleep: () => Promise.resolve() }
}

test('a line tells what, how much of it, and how fast', () => {
  expect(progressLine(STATE, 500, 100)).toBe(
    'sales.orders          █████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  5,000 of 20,000  10,000/s',
  )
  expect(progressLine({ ...STATE, total: null }, 500, 100)).toBe('sales.orders          5,000  10,000/s')
})

test('a terminal redraws one line, at most ten times a second', () => {
  const time = { ms: 0 }
  let text = ''
  const progress = createProgress(
    { print: () => {}, report: (part) => (text += part), interactive: true, columns: 80 },
    clockAt(time),
  )
  for (time.ms = 0; time.ms < 1_000; time.ms += 10) progress.update(STATE)
  progress.finish({ ...STATE, done: 20_000 })
  expect(text.split('\r')).toHaveLength(12)
  expect(text.match(/\n/g)).toHaveLength(1)
})

test('elsewhere a plain line comes every five seconds, and at the end', () => {
  const time = { ms: 0 }
  let text = ''
  const progress = createProgress(
    { print: () => {}, report: (part) => (text += part), interactive: false, columns: 80 },
    clockAt(time),
  )
  for (time.ms = 0; time.ms < 12_000; time.ms += 100) progress.update(STATE)
  progress.finish({ ...STATE, done: 20_000 })
  expect(text.split('\n').filter((line) => line !== '')).toHaveLength(3)
  expect(text).not.toContain('\r')
})
