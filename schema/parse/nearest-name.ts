// What the author probably meant: the known name nearest to an unknown one.

/** Damerau–Levenshtein distance (optimal string alignment), in lower case. */
function distance(left: string, right: string): number {
  const a = left.toLowerCase()
  const b = right.toLowerCase()
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let best = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1)
      best = Math.min(best, (previous[column - 1] ?? 0) + (same ? 0 : 1))
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (beforePrevious[column - 2] ?? 0) + 1)
      }
      current.push(best)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length] ?? 0
}

/** The known name nearest to `name`, if it is near enough to be meant; the first of equals. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  // Two of five letters, and never more than three: `orders_by_status` is not a misspelt `orders_by_customer`.
  const near = Math.min(3, Math.max(1, Math.floor(name.length * 0.4)))
  let best: string | null = null
  let bestDistance = near + 1
  for (const candidate of known) {
    const candidateDistance = distance(name, candidate)
    if (candidateDistance < bestDistance) {
      best = candidate
      bestDistance = candidateDistance
    }
  }
  return best
}

/** `Write "x".`, or `Write one of "x", "y".` where nothing is near. */
export function suggestName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  if (nearest !== null) return `Write "${nearest}".`
  if (known.length === 0) return 'Remove it.'
  return known.length === 1 ? `Write "${known[0]}".` : `Write one of ${known.map((one) => `"${one}"`).join(', ')}.`
}
