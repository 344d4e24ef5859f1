// What is in hand, each by a number that nothing else ever has. No Map and no Set: one whose entries come and go makes itself anew all the
// time, and each table that it has outgrown, once it is old to the collector, keeps alive what was in hand then, answers included, until
// the next full collection (docs/decisions/subgraph-runtime.md has what that came to).

/** Numbers of one place: more places than anything may ever have in hand. */
const SPAN = 2 ** 21

export class InHand<Item> {
  readonly #places: ({ readonly id: number; readonly item: Item } | null)[] = []
  readonly #free: number[] = []
  #added = 0

  get size(): number {
    return this.#places.length - this.#free.length
  }

  add(item: Item): number {
    const place = this.#free.pop() ?? this.#places.length
    this.#added += 1
    const id = this.#added * SPAN + place
    this.#places[place] = { id, item }
    return id
  }

  /** Undefined where it is in hand no more. */
  take(id: number): Item | undefined {
    const place = id % SPAN
    const held = this.#places[place] ?? null
    if (held?.id !== id) return undefined
    this.#places[place] = null
    this.#free.push(place)
    return held.item
  }

  /** In no order. */
  entries(): (readonly [id: number, item: Item])[] {
    return this.#places.flatMap((held) => (held === null ? [] : [[held.id, held.item] as const]))
  }
}
