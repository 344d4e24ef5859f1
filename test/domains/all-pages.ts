// Every node of a connection, page by page, for facts about whole tables.
import type { AskedMesh } from './fact-rule.ts'

export interface Connection<Node> {
  readonly nodes: readonly Node[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

/** `ask`: the page after a cursor; null is the first. */
export async function allPages<Node>(
  ask: (after: string | null) => Promise<Connection<Node>>,
): Promise<readonly Node[]> {
  const nodes: Node[] = []
  let after: string | null = null
  for (;;) {
    const page: Connection<Node> = await ask(after)
    nodes.push(...page.nodes)
    if (!page.pageInfo.hasNextPage) return nodes
    after = page.pageInfo.endCursor
  }
}

const PAGE_ROWS = 100

/**
 * `field` is a root field with its own arguments, without `first` and `after`: `ticketsByState(state: OPEN)`, or a name alone. `selection` is what
 * is asked of a node.
 */
export async function allNodes<Node>(mesh: AskedMesh, field: string, selection: string): Promise<Node[]> {
  const [name = '', written = ''] = field.split(/[()]/)
  const nodes = await allPages(async (after) => {
    const paging = `first: ${PAGE_ROWS}${after === null ? '' : `, after: ${JSON.stringify(after)}`}`
    const given = [written, paging].filter((text) => text !== '').join(', ')
    const document = `{ page: ${name}(${given}) { nodes { ${selection} } pageInfo { hasNextPage endCursor } } }`
    const { page } = await mesh.query<{ page: Connection<Node> }>(document)
    return page
  })
  return [...nodes]
}
