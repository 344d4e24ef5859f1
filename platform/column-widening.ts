// Which types a column may turn into while its rows stay: every value of the old type is a value of the new one. Pure; shared by the adapters.
import type { Value } from '../schema/row.ts'
import type { ColumnType } from '../schema/tables.ts'

const WIDER: Partial<Readonly<Record<ColumnType, readonly ColumnType[]>>> = {
  int: ['bigint', 'decimal', 'double'],
  bigint: ['decimal'],
  uuid: ['text'],
}

export function isWidening(from: ColumnType, to: ColumnType): boolean {
  return WIDER[from]?.includes(to) ?? false
}

/** The types that a column of the type may turn into, for messages. */
export function widerTypes(from: ColumnType): readonly ColumnType[] {
  return WIDER[from] ?? []
}

/** A canonical value of a narrower type as a value of the wider one. */
export function widened(value: Value, to: ColumnType): Value {
  return typeof value === 'number' && (to === 'bigint' || to === 'decimal') ? String(value) : value
}

/** A canonical value of the wider type as a value of the narrower one; undefined where it is none. */
export function narrowed(value: Value, to: ColumnType): Value | undefined {
  if (value === null) return null
  switch (to) {
    case 'int':
      return isIntText(value) ? Number(value) : undefined
    case 'bigint':
      return typeof value === 'string' && /^-?\d{1,18}$/.test(value) ? value : undefined
    case 'uuid':
      return typeof value === 'string' && UUID.test(value) ? value : undefined
    case 'text':
    case 'double':
    case 'boolean':
    case 'decimal':
    case 'timestamp':
    case 'date':
    case 'json':
      // Nothing is narrower than these.
      return undefined
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function isIntText(value: Value): boolean {
  const number =
    typeof value === 'number' || (typeof value === 'string' && /^-?\d{1,10}$/.test(value)) ? Number(value) : NaN
  return Number.isInteger(number) && number === (number | 0)
}
