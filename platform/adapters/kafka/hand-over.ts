// The leader's part of a rebalance: who gets which partition in this generation. A partition that moves is given to nobody while its holder
// still works on it; the holder then gives it up after its batch in hand, and the next generation gives it to its new member.
import { assign } from '../../group-assignment.ts'
import { nameOf } from './group-protocol.ts'
import type { MemberSubscription, TopicPartition } from './group-protocol.ts'

/** Every member gets an answer, by member id, be it an empty one. */
export function handOver(
  members: ReadonlyMap<string, MemberSubscription>,
): ReadonlyMap<string, readonly TopicPartition[]> {
  const ids = [...members.keys()].toSorted()
  const partitions = wantedBy(members)
  const holders = holdersOf(members)
  const held = new Map([...holders].map(([name, { by }]) => [name, by]))
  const candidates = ids.map((member) => ({
    member,
    wants: (name: string) => {
      const partition = partitions.get(name)
      return partition !== undefined && members.get(member)?.wants.has(partition.topic) === true
    },
  }))
  const target = assign([...partitions.keys()], candidates, held)
  const given = new Map<string, TopicPartition[]>(ids.map((id) => [id, []]))
  for (const [name, member] of target) {
    const partition = partitions.get(name)
    const holder = holders.get(name)
    const free = holder === undefined || (holder.by === member && !holder.disputed)
    if (partition !== undefined && free) given.get(member)?.push(partition)
  }
  return given
}

/** Partitions of the topics that anyone wants, by name, in order. Members that started at different times may count differently: the most counts. */
function wantedBy(members: ReadonlyMap<string, MemberSubscription>): Map<string, TopicPartition> {
  const counts = new Map<string, number>()
  for (const { wants } of members.values()) {
    for (const [topic, count] of wants) counts.set(topic, Math.max(count, counts.get(topic) ?? 0))
  }
  const topics = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const partitions = topics.flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  )
  return new Map(partitions.map((partition) => [nameOf(partition), partition]))
}

interface Holder {
  readonly by: string
  readonly generation: number
  /** Two members say that they hold it since the same generation. The coordinator rules that out; if it were so, both must let go. */
  readonly disputed: boolean
}

/** The member that was given the partition last holds it. */
function holdersOf(members: ReadonlyMap<string, MemberSubscription>): Map<string, Holder> {
  const holders = new Map<string, Holder>()
  for (const [by, { holds, generation }] of members) {
    for (const name of holds.map(nameOf)) {
      const other = holders.get(name)
      if (other === undefined || other.generation < generation) holders.set(name, { by, generation, disputed: false })
      else if (other.generation === generation) holders.set(name, { ...other, disputed: true })
    }
  }
  return holders
}
