import { describe, expect, it } from 'vitest'
import { RequestGate } from '../../platform/adapters/cassandra/request-gate.ts'

describe('a gate', () => {
  it('lets in as many as it says, and the others in turn as places are given back', async () => {
    const gate = new RequestGate({ inFlightMax: 2, waitingMax: 3 })
    const order: number[] = []
    const turns = [0, 1, 2, 3, 4].map((caller) => gate.enter()?.then(() => order.push(caller)))
    expect(turns.map((turn) => turn === undefined)).toEqual([true, true, false, false, false])
    for (const waiting of turns.slice(2)) {
      gate.leave()
      await waiting
    }
    expect(order).toEqual([2, 3, 4])
  })

  it('refuses who comes when the queue is full, and takes callers again once it is not', async () => {
    const gate = new RequestGate({ inFlightMax: 1, waitingMax: 1 })
    expect(gate.enter()).toBeNull()
    const waiting = gate.enter()
    expect(() => gate.enter()).toThrow(expect.objectContaining({ code: 'STORE_OVERLOADED', retryable: true }) as Error)
    gate.leave()
    await waiting
    gate.leave()
    expect(gate.enter()).toBeNull()
  })

  it('keeps the order through thousands', async () => {
    const gate = new RequestGate({ inFlightMax: 10, waitingMax: 10_000 })
    const order: number[] = []
    const callers = Array.from({ length: 5_000 }, async (_, caller) => {
      await gate.enter()
      order.push(caller)
      await Promise.resolve()
      gate.leave()
    })
    await Promise.all(callers)
    expect(order).toEqual(Array.from({ length: 5_000 }, (_, caller) => caller))
  })
})
