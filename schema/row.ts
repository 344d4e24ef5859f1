// Rows as every layer passes them: plain JSON values keyed by field name, so that a row is its own wire form.

/** A cell's value. Exact representations per scalar stand in model.ts (Decimal, BigInt, DateTime are strings). */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value }

/** The text of a scalar cell; JSON for a nested one. */
export function cellText(value: Value | undefined): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value ?? null)
}

/** Cells by column. An absent column is unchanged (unset); null clears it. */
export type Row = Readonly<Record<string, Value>>

/** The cell that the row itself has: a column may have the name of a member that every object inherits. */
export function cellOf(row: Row, column: string): Value | undefined {
  return Object.hasOwn(row, column) ? row[column] : undefined
}
