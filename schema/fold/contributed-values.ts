// What a contribution holds: it is stored for every row of the input and group, so of aggregates only their values, each once.
import type { CelScope } from '../cel/compile-cel.ts'
import { BOOLEAN } from '../cel/cel-scope.ts'
import { canonicalDecimal } from '../cel/decimal.ts'
import type { Aggregate, Fold, FieldType, ReadInput } from '../model.ts'
import type { Row, Value } from '../row.ts'
import { compileFoldExpression, ExpressionFailure } from './fold-expression.ts'

export type ContributedValues = (variables: Row) => Row

/** A value that aggregates of a fold share: what is null, or what its filter leaves out, is null. */
interface Slot {
  /** Of its expressions. */
  readonly text: string
  readonly form: string
  readonly read: (variables: Row) => Value
}

/** Place of each aggregate's value in `values` of a contribution; null: every contribution counts, and nothing is held. */
export type SlotPlaces = ReadonlyMap<Aggregate, number | null>

export interface AggregateValues {
  readonly places: SlotPlaces
  readonly values: ContributedValues
}

/** The values that a contribution made for aggregates holds. */
export const valuesOf = (contribution: { readonly value: Row }): readonly Value[] =>
  (contribution.value['v'] ?? []) as readonly Value[]

/** Of the aggregates of one fold. COUNT asks only whether there is a value: it shares one that is held anyway. */
export function compileAggregateValues(
  aggregates: readonly Aggregate[],
  scope: (expected: FieldType) => CelScope,
): AggregateValues {
  const places = new Map<Aggregate, number | null>()
  const slots: Slot[] = []
  const isCount = (aggregate: Aggregate): boolean => aggregate.function === 'COUNT'
  for (const aggregate of [...aggregates.filter((one) => !isCount(one)), ...aggregates.filter(isCount)]) {
    if (aggregate.value === null && aggregate.where === null) {
      places.set(aggregate, null)
      continue
    }
    const text = JSON.stringify([aggregate.value?.source ?? null, aggregate.where?.source ?? null])
    const known = slots.findIndex(
      (slot) => slot.text === text && (isCount(aggregate) || slot.form === formOf(aggregate)),
    )
    places.set(aggregate, known < 0 ? slots.length : known)
    if (known < 0) slots.push(compileSlot(aggregate, text, scope))
  }
  if (slots.length === 0) return { places, values: () => ({}) }
  return { places, values: (variables) => ({ v: slots.map(({ read }) => read(variables)) }) }
}

/** As what a value is held: a number that is known for one only when it is evaluated, mere presence, or a cell of its type. */
function formOf({ function: called, valueType }: Aggregate): string {
  if (called === 'COUNT') return 'present'
  const isAny = valueType?.kind === 'scalar' && valueType.scalar === 'JSON'
  return called === 'AVERAGE' && isAny ? 'number' : JSON.stringify(valueType)
}

function compileSlot(aggregate: Aggregate, text: string, scope: (expected: FieldType) => CelScope): Slot {
  const what = `of @aggregate of ${aggregate.field}`
  const type = aggregate.valueType
  const where =
    aggregate.where === null ? null : compileFoldExpression(aggregate.where, scope(BOOLEAN), `where ${what}`)
  const value =
    aggregate.value === null || type === null
      ? null
      : compileFoldExpression(aggregate.value, scope(type), `cel ${what}`)
  const form = formOf(aggregate)
  const held = (variables: Row): Value => {
    const cell = value === null ? true : value.evaluate(variables)
    if (form === 'present' && cell !== null) return true
    if (form !== 'number' || cell === null || isNumber(cell)) return cell
    throw new ExpressionFailure(`cel ${what}`, 'it gives no number')
  }
  return {
    text,
    form,
    read: where === null ? held : (variables) => (where.evaluate(variables) === true ? held(variables) : null),
  }
}

/** Of an expression whose type is known only when it is evaluated: a number, or the text of a decimal. */
const isNumber = (cell: Value): boolean =>
  typeof cell === 'number' || (typeof cell === 'string' && canonicalDecimal(cell) === cell)

/**
 * For functions: the fields that the input reads, and joined rows. The element is given for the list that it is from, which would otherwise be
 * stored with each of its elements. (A variable is never called as a field: validate/folds.ts.)
 */
export function compileVariableValues(fold: Fold, reads: readonly ReadInput[]): ContributedValues {
  const fieldsOf = (input: string): readonly string[] =>
    reads.find(({ name }) => name === input)?.fields.map(({ name }) => name) ?? []
  const fields = fieldsOf(fold.input).map((name) => (name === fold.each?.field ? fold.each.as : name))
  const joins = fold.joins.map(({ as, input }) => ({ as, fields: fieldsOf(input) }))
  return (variables) => {
    const held = picked(variables, fields)
    for (const { as, fields: ofJoined } of joins) {
      const row = variables[as] ?? null
      held[as] = row === null ? null : picked(row as Row, ofJoined)
    }
    return held
  }
}

function picked(row: Row, fields: readonly string[]): Record<string, Value> {
  const values: Record<string, Value> = {}
  for (const name of fields) values[name] = row[name] ?? null
  return values
}
