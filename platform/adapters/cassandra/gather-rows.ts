// Rows of parts that follow one another, until there are enough.
import type { Row } from '../../../schema/row.ts'
import { limits } from '../../limits.ts'
import type { RowPage } from '../../ports/store.ts'

/** The first rows of a part, at most as many as are wanted. */
export type RowsPart = (wanted: number) => Promise<readonly Row[]>

/** Small pages ask for all parts at once: reading some rows for nothing costs less than waiting for one part after another. */
export async function gatherRows(parts: readonly RowsPart[], wanted: number): Promise<Row[]> {
  const [only, ...others] = parts
  if (only === undefined) return []
  if (others.length === 0) return [...(await only(wanted))]
  const started = wanted <= limits.storeTogetherRowsMax ? parts.map((part) => part(wanted)) : []
  // A part that turns out not to be needed may fail.
  for (const one of started) one.catch(() => undefined)
  const rows: Row[] = []
  for (const [at, part] of parts.entries()) {
    if (rows.length >= wanted) break
    rows.push(...(await (started[at] ?? part(wanted - rows.length))))
  }
  return rows.slice(0, wanted)
}

/** A page from one row more than was asked for. */
export function pageOf(rows: readonly Row[], limit: number): RowPage {
  return { rows: rows.slice(0, limit), more: rows.length > limit }
}
