// A row on its way to the writing thread: its JSON text, made once and stored as it is where nothing has to be merged. JSON columns stand
// last, so that the writer parses only what it has to check. They are most of the text of a row that has some.
import type { Row, Value } from '../../../schema/row.ts'
import { MeshgateError } from '../../errors.ts'

export interface RowText {
  readonly text: string
  /** Characters before the JSON columns, or before the closing brace. */
  readonly scalarChars: number
}

/** STORE_ROW_INVALID where a value is no JSON. */
export function rowText(row: Row, jsonColumns: ReadonlySet<string>): RowText {
  const scalars: Record<string, Value> = {}
  let json = ''
  for (const name of Object.keys(row)) {
    const value = row[name]
    if (value === undefined) continue
    // Null is no JSON value but a cell that is cleared.
    if (value !== null && jsonColumns.has(name)) json += `,${JSON.stringify(name)}:${jsonText(value)}`
    else if (name !== '__proto__') scalars[name] = value
    else Object.defineProperty(scalars, name, { value, enumerable: true })
  }
  const text = jsonText(scalars)
  const scalarChars = text.length - 1
  if (json === '') return { text, scalarChars }
  return { text: `${text.slice(0, -1)}${scalarChars === 1 ? json.slice(1) : json}}`, scalarChars }
}

/** The columns that stand before the JSON columns. */
export function parseScalars({ text, scalarChars }: RowText): Row {
  // What `rowText` wrote.
  return JSON.parse(scalarChars === text.length - 1 ? text : `${text.slice(0, scalarChars)}}`) as Row
}

/** All columns. */
export function parseRow(text: string): Row {
  // What `rowText` wrote.
  return JSON.parse(text) as Row
}

/** STORE_ROW_INVALID where the value is no JSON. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `A row has a value that is no JSON (${reason}): give JSON values.`
    throw new MeshgateError('STORE_ROW_INVALID', message, error)
  }
}
