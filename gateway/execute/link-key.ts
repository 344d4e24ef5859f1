// The property under which an object holds the entity that a lookup found for it. A symbol: no subgraph's JSON can have it.
const keys: symbol[] = []

/** Links of all plans share their symbols, so there are as many as the largest plan has. */
export function linkKey(link: number): symbol {
  return (keys[link] ??= Symbol(`link ${link}`))
}
