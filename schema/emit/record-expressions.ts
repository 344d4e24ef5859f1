// Computed columns and CEL checks of a type, compiled for its decoded cells.
import type { Check, ComputedField, Field, FieldType } from '../model.ts'
import type { Row, Value } from '../row.ts'
import { BOOLEAN, celScopeOf } from '../cel/cel-scope.ts'
import type { CelTypeContext } from '../cel/cel-scope.ts'
import { compileCel } from '../cel/compile-cel.ts'
import type { CelScope, CompiledCel } from '../cel/compile-cel.ts'
import { failureText } from './record-checks.ts'
import { failCheck, violate } from './record-state.ts'
import type { DecodeState } from './record-state.ts'

/** Products are valid when they exist (model.ts): what does not compile here is a bug of the product compiler. */
function compiled(source: string, scope: CelScope, where: string): CompiledCel {
  const result = compileCel(source, scope)
  if (result.kind === 'ok') return result.expression
  throw new Error(`Invariant broken: the expression of ${where} does not compile: ${result.message}`)
}

export interface ComputedPlan {
  readonly field: ComputedField
  readonly reads: readonly string[]
  /** Writes the cell; collects a violation where it cannot be computed. */
  compute(cells: Record<string, Value>, state: DecodeState): void
}

export function compileComputed(field: ComputedField, fields: readonly Field[], types: CelTypeContext): ComputedPlan {
  const scope = celScopeOf(fields, types, { expected: field.type })
  const expression = compiled(field.expression.source, scope, field.name)
  const { name, nullable } = field
  return {
    field,
    reads: expression.reads,
    compute(cells, state) {
      const result = expression.evaluate(cells)
      if (result.kind === 'value' && (result.value !== null || nullable)) cells[name] = result.value
      else if (result.kind === 'error' && result.onNull && nullable) cells[name] = null
      else {
        const reason = result.kind === 'error' ? result.message : 'the result is null'
        violate(state, 'RECORD_FIELD_TYPE', name, `Cannot be computed by ${field.expression.source}: ${reason}.`)
      }
    },
  }
}

/** Those that read others after them. The product compiler refuses cycles. */
export function inOrderOfReads(plans: readonly ComputedPlan[]): readonly ComputedPlan[] {
  const ordered: ComputedPlan[] = []
  const visited = new Set<string>()
  const visit = (plan: ComputedPlan): void => {
    if (visited.has(plan.field.name)) return
    visited.add(plan.field.name)
    for (const other of plans) if (plan.reads.includes(other.field.name)) visit(other)
    ordered.push(plan)
  }
  plans.forEach(visit)
  return ordered
}

export interface ExpressionCheck {
  readonly reads: readonly string[]
  /** The field it stands on; null for one of the type. */
  readonly field: string | null
  run(cells: Row, state: DecodeState): void
}

export interface ExpressionCheckOptions {
  readonly check: Check
  readonly field: { readonly name: string; readonly type: FieldType; readonly nullable: boolean } | null
  readonly fields: readonly Field[]
  readonly types: CelTypeContext
}

/** Null where the check is no expression. A check of a null value, or one that fails on a null, passes. */
export function compileExpressionCheck({
  check,
  field,
  fields,
  types,
}: ExpressionCheckOptions): ExpressionCheck | null {
  if (check.rule.kind !== 'cel') return null
  const scope = celScopeOf(fields, types, field === null ? { expected: BOOLEAN } : { expected: BOOLEAN, own: field })
  const expression = compiled(check.rule.expression.source, scope, check.id)
  const name = field?.name ?? null
  const hasValueField = fields.some((candidate) => candidate.name === 'value')
  const readsValue = name !== null && !hasValueField && expression.reads.includes('value')
  const reads = readsValue ? [...expression.reads.filter((read) => read !== 'value'), name] : expression.reads
  return {
    reads,
    field: name,
    run(cells, state) {
      const own = name === null ? undefined : cells[name]
      if (name !== null && (own === undefined || own === null)) return
      const result = expression.evaluate(readsValue && own !== undefined ? { ...cells, value: own } : cells)
      if (result.kind === 'error' ? result.onNull : result.value !== false) return
      const failure = result.kind === 'error' ? ` (${result.message})` : ''
      failCheck(state, check, name, failureText(check, own) + failure)
    },
  }
}
