import { describe, expect, it } from 'vitest'
import { type WindowBounds, WindowControl } from '../../platform/adapters/cassandra/window-control.ts'
import { seededRandom } from '../seeded-random.ts'

const BOUNDS: WindowBounds = { min: 64, max: 4_096, start: 1_024, latencyMsMax: 500 }

/** Rounds with a node that answers at the rate it has with so many at a time; the rate is told with an error of up to `noise`. */
function settle(control: WindowControl, rateOf: (size: number) => number, noise = 0): number[] {
  const random = seededRandom(7)
  return Array.from({ length: 400 }, () => {
    const rate = rateOf(control.size)
    const told = rate * (1 + noise * (2 * random() - 1))
    control.round({ answered: told, elapsedMs: 1, latencyMs: control.size / rate })
    return control.size
  })
}

const typical = (sizes: readonly number[]): number => sizes.slice(100).toSorted((a, b) => a - b)[150] ?? 0

describe('a window', () => {
  it('grows to what a node needs for its rate and stays near it', () => {
    const saturatesAt = (most: number) => (size: number) => 10 * Math.min(1, size / most)
    expect(typical(settle(new WindowControl(BOUNDS), saturatesAt(2_000)))).toBeGreaterThan(1_500)
    expect(typical(settle(new WindowControl(BOUNDS), saturatesAt(2_000)))).toBeLessThan(3_000)
  })

  it('shrinks where a smaller one brings the same', () => {
    const fast = (size: number): number => 20 * Math.min(1, size / 150)
    expect(typical(settle(new WindowControl(BOUNDS), fast))).toBeLessThan(300)
  })

  it('finds it also where rates are told with errors', () => {
    const rate = (size: number): number => 10 * Math.min(1, size / 1_000)
    const sizes = typical(settle(new WindowControl(BOUNDS), rate, 0.1))
    expect(sizes).toBeGreaterThan(300)
    expect(sizes).toBeLessThan(3_000)
  })

  it('shrinks where answers take too long, whatever the rate', () => {
    const control = new WindowControl(BOUNDS)
    control.round({ answered: 1_000, elapsedMs: 1, latencyMs: 501 })
    expect(control.size).toBe(819)
  })

  it('is halved by congestion, and never leaves its bounds', () => {
    const control = new WindowControl(BOUNDS)
    control.congested()
    expect(control.size).toBe(512)
    for (let times = 0; times < 10; times += 1) control.congested()
    expect(control.size).toBe(BOUNDS.min)
    const growing = settle(control, (size) => size * size)
    expect(Math.max(...growing)).toBe(BOUNDS.max)
    expect(Math.min(...growing)).toBeGreaterThanOrEqual(BOUNDS.min)
  })
})
