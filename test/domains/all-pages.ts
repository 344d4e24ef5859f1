// Every node of a connection, page by page, for facts about whole tables.

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
