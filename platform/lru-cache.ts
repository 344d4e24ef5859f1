// A cache bounded by entries and weight; what was used longest ago goes first. Owns its entries, closes nothing.
export interface LruCache<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value, weight: number): void
  delete(key: string): void
  /** What was used last comes first. */
  recent(count: number): Value[]
}

export function createLruCache<Value>(bounds: { entriesMax: number; weightMax: number }): LruCache<Value> {
  // A Map iterates in insertion order: reinserting on use keeps the oldest first.
  const entries = new Map<string, { value: Value; weight: number }>()
  let newest: string | null = null
  let total = 0
  const remove = (key: string): void => {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    total -= entry.weight
  }
  return {
    get: (key) => {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      // A Map that is written to all the time makes itself anew all the time.
      if (key === newest) return entry.value
      entries.delete(key)
      entries.set(key, entry)
      newest = key
      return entry.value
    },
    set: (key, value, weight) => {
      remove(key)
      if (weight > bounds.weightMax) return
      entries.set(key, { value, weight })
      newest = key
      total += weight
      for (const oldest of entries.keys()) {
        if (entries.size <= bounds.entriesMax && total <= bounds.weightMax) break
        remove(oldest)
      }
    },
    delete: remove,
    recent: (count) =>
      [...entries.values()]
        .slice(-count)
        .toReversed()
        .map(({ value }) => value),
  }
}
