// What all ways to damage an answer share: where its data is, and how one of several things is picked.
import { literal, memberOf, setMember, type JsonNode } from './json-tree.ts'

/** Stands in all that clients must not see of a subgraph, and may stand in data where strings are asked for. */
export const INTERNAL = 'INTERNAL-OF-A-SUBGRAPH'

export interface DamageOptions {
  readonly random: () => number
  /** Names that a wrong __typename may have. */
  readonly typeNames: readonly string[]
}

export type TreeDamage = (tree: JsonNode, options: DamageOptions) => JsonNode

export function pick<Item>(items: readonly Item[], random: () => number): Item {
  if (items.length === 0) throw new Error('nothing to pick')
  return items[Math.floor(random() * items.length)] as Item
}

export function dataOf(tree: JsonNode): JsonNode {
  return memberOf(tree, 'data') ?? literal(null)
}

export function withErrors(tree: JsonNode, errors: readonly JsonNode[]): JsonNode {
  const present = memberOf(tree, 'errors')
  setMember(tree, 'errors', { kind: 'list', items: [...(present?.kind === 'list' ? present.items : []), ...errors] })
  return tree
}
