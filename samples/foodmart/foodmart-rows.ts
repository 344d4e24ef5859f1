// Rows of the shipped FoodMart files, streamed in file order. Numbers keep the digits of the source beside their value, since money
// must not pass through a float.
import { gzipLines } from '../gzip-lines.ts'

/** A JSON number as it stands in the file: `2.8500` keeps its digits. */
export interface SourceNumber {
  readonly value: number
  readonly digits: string
}

export type FoodmartRow = Readonly<Record<string, string | boolean | null | SourceNumber>>

/** Path of one of the shipped files, e.g. `customer`. */
export const foodmartFile = (name: string): URL => new URL(`./${name}.ndjson.gz`, import.meta.url)

/** The lines of a file, without their line ends. */
export const foodmartLines = (name: string): AsyncGenerator<string> => gzipLines(foodmartFile(name))

// lib.es2024 does not know the third parameter (JSON.parse source text access) yet.
type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown

/** The rows of a file. */
export async function* foodmartRows(name: string): AsyncGenerator<FoodmartRow> {
  for await (const line of foodmartLines(name)) {
    // The files are shipped with the project and tested whole: rows are flat and hold what the tests say.
    yield parseWithSource(line, (_key, value, context) =>
      typeof value === 'number' ? { value, digits: context.source ?? String(value) } : value,
    ) as FoodmartRow
  }
}

/** The digits of a number column. */
export function digitsOf(row: FoodmartRow, column: string): string {
  const cell = row[column]
  if (cell === null || typeof cell !== 'object') throw new TypeError(`FoodMart: ${column} is no number`)
  return cell.digits
}

/** The text of a column. */
export function textOf(row: FoodmartRow, column: string): string {
  const cell = row[column]
  if (typeof cell !== 'string') throw new TypeError(`FoodMart: ${column} is no text`)
  return cell
}

/** A row as a record: every number by its digits. */
export const plainRow = (row: FoodmartRow): Record<string, string | boolean | null> =>
  Object.fromEntries(
    Object.entries(row).map(([column, cell]) => [
      column,
      cell !== null && typeof cell === 'object' ? cell.digits : cell,
    ]),
  )
