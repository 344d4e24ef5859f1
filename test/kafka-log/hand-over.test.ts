// Who gets which partition in a generation of a group, without a server: the leader's part alone.
import { describe, expect, it } from 'vitest'
import type { MemberSubscription, TopicPartition } from '../../platform/adapters/kafka/group-protocol.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  nameOf,
} from '../../platform/adapters/kafka/group-protocol.ts'
import { handOver } from '../../platform/adapters/kafka/hand-over.ts'
import { seededRandom } from '../seeded-random.ts'

function member(
  wants: Readonly<Record<string, number>>,
  holds: readonly string[] = [],
  generation = 1,
): MemberSubscription {
  return { wants: new Map(Object.entries(wants)), holds: holds.map(partitionOf), generation }
}

function partitionOf(name: string): TopicPartition {
  const [topic = '', partition] = name.split(':')
  return { topic, partition: Number(partition) }
}

function given(members: Readonly<Record<string, MemberSubscription>>): Record<string, string[]> {
  const entries = [...handOver(new Map(Object.entries(members)))]
  return Object.fromEntries(entries.map(([id, partitions]) => [id, partitions.map(nameOf).toSorted()]))
}

describe('handing partitions over', () => {
  it('shares what nobody holds evenly', () => {
    expect(given({ a: member({ t: 4 }), b: member({ t: 4 }) })).toEqual({ a: ['t:0', 't:2'], b: ['t:1', 't:3'] })
  })

  it('gives a partition that moves to nobody while its holder works on it, and leaves the others where they are', () => {
    const a = member({ t: 4 }, ['t:0', 't:1', 't:2', 't:3'])
    const first = given({ a, b: member({ t: 4 }) })
    expect([first['a']?.length, first['b']]).toEqual([2, []])
    const kept = first['a'] ?? []
    const second = given({ a: member({ t: 4 }, kept, 2), b: member({ t: 4 }, [], 2) })
    expect(second['a']).toEqual(kept)
    expect([...kept, ...(second['b'] ?? [])].toSorted()).toEqual(['t:0', 't:1', 't:2', 't:3'])
  })

  it('keeps what a leaving member still works on from everybody', () => {
    expect(given({ a: member({}, ['t:0']), b: member({ t: 2 }) })).toEqual({ a: [], b: ['t:1'] })
  })

  it('gives each topic to those who want it, also topics that the leader does not know', () => {
    const members = { a: member({ t: 2 }), b: member({ t: 2, u: 2 }), c: member({ u: 2, v: 1 }) }
    const shares = given(members)
    expect(Object.values(shares).flat().toSorted()).toEqual(['t:0', 't:1', 'u:0', 'u:1', 'v:0'])
    expect(shares['a']?.every((name) => name.startsWith('t:'))).toBe(true)
    expect(shares['c']?.every((name) => !name.startsWith('t:'))).toBe(true)
  })

  it('believes the later generation where two members say that they hold a partition, and neither where it is the same', () => {
    const older = { a: member({ t: 1 }, ['t:0'], 3), b: member({ t: 1 }, ['t:0'], 4) }
    expect(given(older)).toEqual({ a: [], b: ['t:0'] })
    const same = { a: member({ t: 1 }, ['t:0'], 4), b: member({ t: 1 }, ['t:0'], 4) }
    expect(given(same)).toEqual({ a: [], b: [] })
  })

  it('never lets two members hold a partition, and ends balanced, while members come, leave and let go late', () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) simulate(seed)
  })

  it('reads what it wrote', () => {
    const subscription = member({ 'a.b': 3, c: 1 }, ['a.b:0', 'a.b:2', 'c:0'], 7)
    expect(decodeSubscription(encodeSubscription(subscription))).toEqual(subscription)
    expect(decodeAssignment(encodeAssignment(subscription.holds))).toEqual(subscription.holds)
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
  })
})

const PARTITIONS = 7

function simulate(seed: number): void {
  const random = seededRandom(seed)
  const holds = new Map<string, Set<string>>()
  const letGo = new Map<string, Set<string>>()
  let named = 0
  const rebalance = (generation: number): void => {
    const members = [...holds].map(([id, held]) => [id, member({ t: PARTITIONS }, [...held], generation)] as const)
    for (const [id, partitions] of handOver(new Map(members))) {
      const names = partitions.map(nameOf)
      letGo.set(id, new Set([...(holds.get(id) ?? [])].filter((name) => !names.includes(name))))
      for (const name of names) holds.get(id)?.add(name)
    }
    const all = [...holds.values()].flatMap((held) => [...held])
    expect(new Set(all).size, `seed ${String(seed)}`).toBe(all.length)
  }
  const end = (share: number): void => {
    for (const [id, names] of letGo) {
      for (const name of [...names].filter(() => random() < share)) {
        names.delete(name)
        holds.get(id)?.delete(name)
      }
    }
  }
  let generation = 0
  for (let step = 0; step < 60; step += 1) {
    const [first] = holds.keys()
    const event = random()
    if (first === undefined || event < 0.3) holds.set(`m${String((named += 1))}`, new Set())
    else if (event < 0.5) holds.delete(first)
    rebalance((generation += 1))
    end(0.5)
  }
  for (let settling = 0; settling < 4; settling += 1) {
    end(1)
    rebalance((generation += 1))
  }
  const sizes = [...holds.values()].map(({ size }) => size)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(holds.size === 0 ? 0 : PARTITIONS)
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
}
