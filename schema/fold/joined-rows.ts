// The rows beside a row of a fold: which ones its joins name, and putting them among its variables.
import type { CelScope } from '../cel/compile-cel.ts'
import type { Fold, FoldJoin, ReadInput } from '../model.ts'
import { cellText, type Row, type Value } from '../row.ts'
import type { JoinedRows, RowReference } from './compiled-fold.ts'
import { compileFoldExpression, type FoldExpression } from './fold-expression.ts'

/** Variables of a row, its element and its joined rows; written again for every element. */
export type Variables = Record<string, Value>

interface JoinPlan {
  readonly as: string
  readonly read: number
  readonly optional: boolean
  readonly key: readonly FoldExpression[]
  /** Variables of its key. */
  readonly reads: ReadonlySet<string>
}

export interface JoinPlans {
  readonly names: ReadonlySet<string>
  /** Puts the rows among the variables, null where there is none. False where a required one is missing, or not known yet. */
  join(variables: Variables, joined: JoinedRows): boolean
  /** The rows that are named as far as is known go to `found`. */
  references(variables: Variables, joined: JoinedRows, found: Map<string, RowReference>): boolean
}

export interface JoinContext {
  readonly reads: readonly ReadInput[]
  /** Scope of the key of the join at an index. */
  scope(joinsBefore: number): CelScope
}

export function compileJoins(fold: Fold, context: JoinContext): JoinPlans {
  const plans = fold.joins.map((join, index) => compileJoin(join, index, context))
  const walk = (variables: Variables, joined: JoinedRows, found: Map<string, RowReference> | null): boolean => {
    for (const plan of plans) variables[plan.as] = null
    const unknown: string[] = []
    for (const plan of plans) {
      if (unknown.some((name) => plan.reads.has(name))) {
        unknown.push(plan.as)
        continue
      }
      const reference = referenceOf(plan, variables)
      const row = reference === null ? null : joined(reference)
      if (reference !== null) found?.set(`${reference.read} ${reference.keyText}`, reference)
      if (row === null && !plan.optional) return false
      if (row === undefined) unknown.push(plan.as)
      else variables[plan.as] = row
    }
    return unknown.length === 0
  }
  return {
    names: new Set(plans.map(({ as }) => as)),
    join: (variables, joined) => walk(variables, joined, null),
    references: walk,
  }
}

function compileJoin(join: FoldJoin, index: number, context: JoinContext): JoinPlan {
  const read = context.reads.findIndex(({ name }) => name === join.input)
  const input = context.reads[read]
  const scope = context.scope(index)
  const key = join.key.map((expression, at) => {
    const field = input?.fields.find(({ name }) => name === input.key[at])
    const typed = field === undefined ? scope : { ...scope, expected: field.type }
    return compileFoldExpression(expression, typed, `key of @join(as: "${join.as}")`)
  })
  return { as: join.as, read, optional: join.optional, key, reads: new Set(key.flatMap(({ reads }) => reads)) }
}

/** Null where a value of the key is null: no row has it. */
function referenceOf(plan: JoinPlan, variables: Row): RowReference | null {
  const [only] = plan.key
  if (plan.key.length === 1 && only !== undefined) {
    const value = only.evaluate(variables)
    return value === null ? null : { read: plan.read, keyText: cellText(value) }
  }
  const values = plan.key.map((expression) => expression.evaluate(variables))
  return values.includes(null) ? null : { read: plan.read, keyText: JSON.stringify(values) }
}
