// Randomness of tests that a seed repeats: mulberry32, the same numbers for the same seed everywhere.

/** Numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  const next = mulberry32(seed)
  return () => next() / 4_294_967_296
}

/** Integers from 0 up to a bound, exclusive. */
export function seededInteger(seed: number): (below: number) => number {
  const next = mulberry32(seed)
  return (below) => next() % below
}

/** Numbers in [0, 1) from a source of integers. */
export function fractions(random: (below: number) => number): () => number {
  return () => random(4_294_967_296) / 4_294_967_296
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items]
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1))
    ;[result[at], result[other]] = [result[other] as T, result[at] as T]
  }
  return result
}

/** 32 bits. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
