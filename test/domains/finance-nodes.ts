// How the facts of finance ask for rows, and how amounts are read and told.
import { allPages, type Connection } from './all-pages.ts'
import type { AskedMesh } from './fact-rule.ts'
import { decimalText } from './source-files.ts'

const PAGE = 'pageInfo { hasNextPage endCursor }'
/** Arguments for the years of the books. */
export const YEARS = 'from: "1997-01-01", until: "1999-01-01"'

/** All nodes of the query's field. `given`: its arguments but those of paging. */
export function nodesOf<Node>(mesh: AskedMesh, field: string, given: string, nodes: string): Promise<readonly Node[]> {
  return allPages(async (after) => {
    const cursor = after === null ? [] : [`after: ${JSON.stringify(after)}`]
    const all = [given, 'first: 100', ...cursor].filter((each) => each !== '').join(', ')
    const data = await mesh.query<Record<string, Connection<Node>>>(
      `{ ${field}(${all}) { nodes { ${nodes} } ${PAGE} } }`,
    )
    const connection = data[field]
    if (connection === undefined) throw new Error(`no ${field} in the answer`)
    return connection
  })
}

export const byKey = ([one]: readonly [string, string], [other]: readonly [string, string]): number =>
  one < other ? -1 : 1

/** Amounts of rows by their key's text, in order. */
export function texts(totals: ReadonlyMap<string, bigint>): readonly (readonly [string, string])[] {
  return [...totals].map(([key, amount]) => [key, decimalText(amount)] as const).sort(byKey)
}

/** Ten-thousandths of a decimal's text. */
export const unitsOf = (text: string): bigint => {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const amount = BigInt(whole + fraction.padEnd(4, '0'))
  return text.startsWith('-') ? -amount : amount
}
