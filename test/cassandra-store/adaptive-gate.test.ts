import { beforeEach, describe, expect, it } from 'vitest'
import { AdaptiveGate, type GatePlace } from '../../platform/adapters/cassandra/adaptive-gate.ts'

const OPTIONS = { start: 10, min: 2, max: 40, latencyMsMax: 500, roundMs: 100, waitingMax: 3 }

describe('an adaptive gate', () => {
  let nowMs: number
  let gate: AdaptiveGate
  beforeEach(() => {
    nowMs = 0
    gate = new AdaptiveGate({ ...OPTIONS, nowMs: () => nowMs })
  })

  const atOnce = (weight: number): GatePlace => {
    const place = gate.enter(weight)
    if (place instanceof Promise) throw new Error('It has to wait.')
    return place
  }

  it('lets in statements up to its window, and the others in turn as places are given back', async () => {
    const [four, six] = [atOnce(4), atOnce(6)]
    const order: string[] = []
    const large = Promise.resolve(gate.enter(8)).then((place) => (order.push('large'), place))
    const small = Promise.resolve(gate.enter(1)).then((place) => (order.push('small'), place))
    gate.leave(four, 'answered')
    await Promise.resolve()
    // The small one would fit, and does not overtake.
    expect(order).toEqual([])
    gate.leave(six, 'answered')
    gate.leave(await large, 'answered')
    gate.leave(await small, 'answered')
    expect(order).toEqual(['large', 'small'])
  })

  it('lets in alone what is larger than its window', async () => {
    const one = atOnce(1)
    const huge = gate.enter(1_000)
    expect(huge).toBeInstanceOf(Promise)
    gate.leave(one, 'answered')
    gate.leave(await huge, 'answered')
    expect(atOnce(10).weight).toBe(10)
  })

  it('refuses who comes when the queue is full', () => {
    atOnce(10)
    for (let waiting = 0; waiting < 3; waiting += 1) expect(gate.enter(1)).toBeInstanceOf(Promise)
    expect(() => gate.enter(1)).toThrow(expect.objectContaining({ code: 'STORE_OVERLOADED', retryable: true }) as Error)
  })

  it('halves its window once for all requests that were under way when the node had too much', () => {
    const places = Array.from({ length: 5 }, () => atOnce(2))
    nowMs = 10
    for (const place of places) gate.leave(place, 'congested')
    expect(gate.window).toBe(5)
    const later = atOnce(2)
    nowMs = 20
    gate.leave(later, 'congested')
    expect(gate.window).toBe(3)
  })

  it('tries another window only after it has held requests back for a while', async () => {
    for (let times = 0; times < 100; times += 1) {
      const place = atOnce(10)
      nowMs += 10
      gate.leave(place, 'answered')
    }
    expect(gate.window).toBe(10)
    let place = atOnce(10)
    for (let times = 0; times < 11; times += 1) {
      const next = gate.enter(10)
      nowMs += 10
      gate.leave(place, 'answered')
      place = await next
    }
    expect(gate.window).toBe(13)
  })

  it('counts answers that come in bursts, after which nobody waits for a moment', async () => {
    let places = Array.from({ length: 10 }, () => atOnce(1))
    for (let burst = 0; burst < 6; burst += 1) {
      const waiting = [Promise.resolve(gate.enter(1)), Promise.resolve(gate.enter(1))]
      nowMs += 20
      for (const place of places) gate.leave(place, 'answered')
      places = [...(await Promise.all(waiting)), ...Array.from({ length: 8 }, () => atOnce(1))]
    }
    expect(gate.window).toBe(13)
  })

  it('learns nothing from times in which callers had nothing more to send', async () => {
    for (let burst = 0; burst < 20; burst += 1) {
      const places = Array.from({ length: 10 }, () => atOnce(1))
      const last = gate.enter(1)
      nowMs += 20
      for (const place of places) gate.leave(place, 'answered')
      gate.leave(await last, 'answered')
      nowMs += 20
    }
    expect(gate.window).toBe(10)
  })
})
