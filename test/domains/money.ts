// Money in facts: exact, in ten-thousandths, rounded as the products say.

/** Of `units` ten-thousandths by `count`, in ten-thousandths, rounded to `digits` decimals, half away from zero. Not for negative ones. */
export function roundedShare(units: bigint, count: bigint, digits: 2 | 4): bigint {
  const step = digits === 2 ? 100n : 1n
  return ((2n * units + count * step) / (2n * count * step)) * step
}

export const sumOf = <Item>(items: readonly Item[], of: (item: Item) => bigint): bigint =>
  items.reduce((sum, item) => sum + of(item), 0n)

/** Items by a text that tells their group. */
export function groupedBy<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
