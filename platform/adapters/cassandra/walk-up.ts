// Upwards through the tokens: one query for all that is left, since Cassandra stops at its limit by itself; windows only where it cannot
// get through, because too many dead rows lie on the way.
import type { Row } from '../../../schema/row.ts'
import { limits } from '../../limits.ts'
import type { WalkSource } from './walk-source.ts'
import { isTooWide, narrower, TOKEN_MAX, wider } from './token-window.ts'

export async function walkUp(source: WalkSource, from: bigint, wanted: number): Promise<readonly Row[]> {
  const rows: Row[] = []
  let above = from
  let width = TOKEN_MAX - above
  let narrowed: bigint | null = null
  let retries = 0
  while (above < TOKEN_MAX && rows.length < wanted) {
    const upTo = above + width < TOKEN_MAX ? above + width : TOKEN_MAX
    try {
      const found = await source.window({ above, upTo }, wanted - rows.length)
      for (const { row } of found) rows.push(row)
      above = upTo
      width = narrowed ?? wider(width)
      retries = 0
    } catch (error) {
      if (!isTooWide(error) || width <= 1n || retries >= limits.storeWindowRetriesMax) throw error
      retries += 1
      width = narrower(upTo - above)
      narrowed = width
    }
  }
  return rows
}
