// Labels of progressive @override: which are active for a request is drawn once per label, and the labels that a plan asked for are part
// of what it is kept under.
export type IsLabelActive = (label: string) => boolean

/** `percent(n)` is active for n of a hundred requests; other labels are off unless the gateway is told how to decide them. */
export function defaultLabels(random: () => number): IsLabelActive {
  return (label) => {
    const percent = /^percent\((\d+(?:\.\d+)?)\)$/.exec(label)?.[1]
    return percent !== undefined && random() * 100 < Number(percent)
  }
}

/** The same answer for the same label, however often it is asked. */
export function drawOnce(decide: IsLabelActive): IsLabelActive {
  const drawn = new Map<string, boolean>()
  return (label) => {
    const known = drawn.get(label)
    if (known !== undefined) return known
    const active = decide(label)
    drawn.set(label, active)
    return active
  }
}
