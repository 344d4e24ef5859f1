// All rows of a connection that is a root field.
import { allPages, type Connection } from './all-pages.ts'
import type { AskedMesh } from './fact-rule.ts'

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
