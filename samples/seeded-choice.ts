// Choices of generated samples: what is drawn depends on the seed and on the order of the draws, and on nothing else.

/** Integers from 0 up to a bound, exclusive. */
export type Draw = (below: number) => number

export function choose<T>(items: readonly T[], draw: Draw): T {
  const item = items[draw(items.length)]
  if (item === undefined) throw new RangeError('nothing to choose from')
  return item
}

/** True so many times in a hundred. */
export const happens = (percent: number, draw: Draw): boolean => draw(100) < percent

/** From the one to the other, both of them possible. */
export const between = (least: number, most: number, draw: Draw): number => least + draw(most - least + 1)

/** Exactly so many of the items, in their order (Knuth's algorithm S). */
export function chooseSome<T>(items: readonly T[], count: number, draw: Draw): T[] {
  const chosen: T[] = []
  for (const [at, item] of items.entries()) {
    if (draw(items.length - at) < count - chosen.length) chosen.push(item)
  }
  return chosen
}
