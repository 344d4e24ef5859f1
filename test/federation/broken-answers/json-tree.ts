// JSON texts as trees that can be damaged: keys twice, keys of the prototype, literals that no JavaScript value is printed as.

export type JsonNode =
  | { readonly kind: 'object'; entries: [string, JsonNode][] }
  | { readonly kind: 'list'; items: JsonNode[] }
  | { readonly kind: 'literal'; readonly text: string }

/** A node, and how another takes its place. */
export interface JsonSite {
  readonly node: JsonNode
  readonly key: string | number
  readonly replace: (node: JsonNode) => void
  readonly remove: () => void
}

export function literal(value: unknown): JsonNode {
  return { kind: 'literal', text: JSON.stringify(value) }
}

export function treeOf(value: unknown): JsonNode {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(treeOf) }
  if (typeof value !== 'object' || value === null) return literal(value)
  return { kind: 'object', entries: Object.entries(value).map(([key, each]) => [key, treeOf(each)]) }
}

export function printTree(node: JsonNode): string {
  if (node.kind === 'literal') return node.text
  if (node.kind === 'list') return `[${node.items.map(printTree).join(',')}]`
  return `{${node.entries.map(([key, each]) => `${JSON.stringify(key)}:${printTree(each)}`).join(',')}}`
}

/** All below the node, without itself. */
export function sitesBelow(node: JsonNode): JsonSite[] {
  if (node.kind === 'list') {
    return node.items.flatMap((item, at) => [
      {
        node: item,
        key: at,
        replace: (other: JsonNode) => void (node.items[at] = other),
        remove: () => void node.items.splice(at, 1),
      },
      ...sitesBelow(item),
    ])
  }
  if (node.kind === 'literal') return []
  return node.entries.flatMap((entry, at) => [
    {
      node: entry[1],
      key: entry[0],
      replace: (other: JsonNode) => void (entry[1] = other),
      remove: () => void node.entries.splice(at, 1),
    },
    ...sitesBelow(entry[1]),
  ])
}

export function memberOf(node: JsonNode, key: string): JsonNode | undefined {
  return node.kind === 'object' ? node.entries.find(([name]) => name === key)?.[1] : undefined
}

/** Puts it in the place of a member of that name, or behind the others. */
export function setMember(node: JsonNode, key: string, value: JsonNode): void {
  if (node.kind !== 'object') return
  const entry = node.entries.find(([name]) => name === key)
  if (entry === undefined) node.entries.push([key, value])
  else entry[1] = value
}
