// One aggregate of a group: how its state, a JSON value, takes in and gives back values, and what cell it makes.
// Exact, and independent of the order in which values come.
import type { FieldType } from '../model.ts'
import type { Value } from '../row.ts'
import type { Contribution } from './fold-function.ts'

/** The state cannot tell what follows: it must be made anew from all contributions. */
export const UNKNOWN = Symbol('unknown')

export interface AggregateState {
  readonly init: () => Value
  /** `value` is not null. The given state must not be used after. In a refold UNKNOWN says that there are too many values. */
  apply(state: Value, value: Value, contribution: Contribution): Value | typeof UNKNOWN
  retract(state: Value, value: Value, contribution: Contribution): Value | typeof UNKNOWN
  result(state: Value): Value
}

export interface AggregateTypes {
  /** Of the values. */
  readonly value: FieldType
  /** Of the entity's field. */
  readonly field: FieldType
}

/** A count or an exact number's canonical text as a cell. Beyond the field's bounds ingest rejects the record. */
export function numberCell(type: FieldType, text: string): Value {
  const isNumber = type.kind === 'scalar' && (type.scalar === 'Int' || type.scalar === 'Float')
  return isNumber ? Number(text) : text
}
