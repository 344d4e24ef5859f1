// Rows as every layer passes them: plain JSON values keyed by field name, so that a row is its own wire form.

/** A cell's value. Exact representations per scalar stand in model.ts (Decimal, BigInt, DateTime are strings). */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value }

/** Cells by column. An absent column is unchanged (unset); null clears it. */
export type Row = Readonly<Record<string, Value>>
