// Which member of a group handles which partition: balanced to within one, and moving as few partitions as that takes.

/** A member, by whatever identifies it, and the partitions it may have. */
export interface Candidate<M> {
  readonly member: M
  readonly wants: (partition: string) => boolean
}

/** `held` says who has a partition now. Partitions that nobody wants are left out. */
export function assign<M>(
  partitions: readonly string[],
  candidates: readonly Candidate<M>[],
  held: ReadonlyMap<string, M>,
): Map<string, M> {
  const assigned = new Map<string, M>()
  const load = new Map<M, number>(candidates.map(({ member }) => [member, 0]))
  const loadOf = (member: M): number => load.get(member) ?? 0
  const give = (partition: string, member: M): void => {
    const before = assigned.get(partition)
    if (before !== undefined) load.set(before, loadOf(before) - 1)
    assigned.set(partition, member)
    load.set(member, loadOf(member) + 1)
  }
  const lightest = (partition: string): M | undefined => {
    const able = candidates.filter(({ wants }) => wants(partition))
    return able.toSorted((a, b) => loadOf(a.member) - loadOf(b.member))[0]?.member
  }
  for (const partition of partitions) {
    const holder = candidates.find(({ member, wants }) => member === held.get(partition) && wants(partition))
    if (holder !== undefined) give(partition, holder.member)
  }
  for (const partition of partitions) {
    const member = assigned.has(partition) ? undefined : lightest(partition)
    if (member !== undefined) give(partition, member)
  }
  // Each move makes the loads more equal, so this ends.
  for (let moved = true; moved;) {
    moved = false
    for (const partition of partitions) {
      const from = assigned.get(partition)
      const to = lightest(partition)
      if (from === undefined || to === undefined || loadOf(from) - loadOf(to) < 2) continue
      give(partition, to)
      moved = true
    }
  }
  return assigned
}
