// Compiles a CEL expression against the fields it may read: parsed, type-checked, with the conversions of exactly the variables
// it reads. Every problem is a value; evaluation never throws. Checks of absent and null values are the caller's (record codec).
import { EvaluationError, ParseError, TypeError as CelTypeError, type Environment } from '@marcbachmann/cel-js'
import type { EnumType, FieldType, ValueType } from '../model.ts'
import type { Row, Value } from '../row.ts'
import { schemaLimits } from '../schema-limits.ts'
import { createCelEnvironment } from './cel-environment.ts'
import { CelFailure } from './cel-failure.ts'
import { celFills, fieldTypeOf, fromCel } from './cel-result.ts'
import { analyseCel, celSteps, registeredName } from './cel-syntax.ts'
import { nullRead, registerCelTypes, type CelTypes } from './cel-values.ts'

export interface CelVariable {
  readonly type: FieldType
  readonly nullable: boolean
}

export interface CelScope {
  readonly variables: ReadonlyMap<string, CelVariable>
  readonly valueTypes: readonly ValueType[]
  readonly enums: readonly EnumType[]
  /** The type that the result must have (Boolean for checks and filters, the field's for computed columns). Absent: any. */
  readonly expected?: FieldType
}

export type CelEvaluation =
  | { readonly kind: 'value'; readonly value: Value }
  /** `onNull`: it failed after a null was read, so the answer is unknown and not wrong. */
  | { readonly kind: 'error'; readonly message: string; readonly onNull: boolean }

export interface CompiledCel {
  readonly source: string
  /** The variables it uses, in order of first use. */
  readonly reads: readonly string[]
  readonly resultType: FieldType | 'dyn'
  readonly resultNullable: boolean
  /** `values` are cells in row representation; an absent one counts as null. The result is a cell of `expected`, else of `resultType`. */
  evaluate(values: Row): CelEvaluation
}

export type CelCompilation =
  | { readonly kind: 'ok'; readonly expression: CompiledCel }
  /** `offset` counts from 0 in the source. */
  | { readonly kind: 'error'; readonly message: string; readonly offset: number }

export function compileCel(source: string, scope: CelScope): CelCompilation {
  if (source.length > schemaLimits.celExpressionCharactersMax)
    return {
      kind: 'error',
      message: `The expression has ${source.length} characters; at most ${schemaLimits.celExpressionCharactersMax} are allowed.`,
      offset: 0,
    }
  try {
    return compile(source, scope)
  } catch (error) {
    return { kind: 'error', message: summaryOf(error), offset: offsetOf(error) }
  }
}

interface TypedEnvironment {
  readonly environment: Environment
  readonly types: CelTypes
}

const typedEnvironments = new WeakMap<readonly ValueType[], TypedEnvironment>()

/**
 * With the value types of a product. To register anything costs the library a copy of all operators, some 30 KB and half a millisecond: once
 * for a product, not for each of its expressions.
 */
function typedEnvironment(valueTypes: readonly ValueType[]): TypedEnvironment {
  const known = typedEnvironments.get(valueTypes)
  if (known !== undefined) return known
  const environment = createCelEnvironment()
  const typed = { environment, types: registerCelTypes(environment, valueTypes) }
  typedEnvironments.set(valueTypes, typed)
  return typed
}

function compile(source: string, scope: CelScope): CelCompilation {
  const { environment: typed, types } = typedEnvironment(scope.valueTypes)
  // Variables are the expression's own.
  const environment = typed.clone()
  const parsed = environment.parse(source)
  const syntax = analyseCel(parsed.ast, {
    environment,
    variables: scope.variables,
    enumValues: (variable) => enumValuesOf(scope, variable),
  })
  const [problem] = syntax.problems
  if (problem !== undefined) return { kind: 'error', ...problem }

  const inputs = syntax.reads.map((name) => {
    const variable = scope.variables.get(name) ?? { type: { kind: 'scalar', scalar: 'JSON' } as const, nullable: true }
    return { name, registered: registeredName(environment, name), variable, toCel: types.toCel(variable.type) }
  })
  for (const { registered, variable } of inputs)
    environment.registerVariable(registered, types.nameOf(variable.type, variable.nullable))

  const check = parsed.check()
  if (!check.valid || check.type === undefined)
    return { kind: 'error', message: summaryOf(check.error), offset: offsetOf(check.error) }
  const celType = check.type
  const { expected } = scope
  if (expected !== undefined && !celFills(celType, expected))
    return {
      kind: 'error',
      message: `The expression is of type ${describeCelType(celType)}; ${describeFieldType(expected)} is needed.`,
      offset: 0,
    }

  const resultType = fieldTypeOf(celType, (name) => scope.valueTypes.some((type) => type.name === name))
  const target = expected ?? (resultType === 'dyn' ? ({ kind: 'scalar', scalar: 'JSON' } as const) : resultType)
  const toCell = fromCel(target, scope.enums)
  const evaluate = (values: Row): CelEvaluation => {
    nullRead.seen = false
    celSteps.taken = 0
    try {
      const context: Record<string, unknown> = {}
      for (const { name, registered, toCel } of inputs) context[registered] = toCel(values[name] ?? null)
      const result: unknown = parsed(context)
      return { kind: 'value', value: result === null ? null : toCell(result) }
    } catch (error) {
      return { kind: 'error', message: summaryOf(error), onNull: nullRead.seen }
    }
  }
  const resultNullable = celType.startsWith('dyn') || celType === 'null'
  return { kind: 'ok', expression: { source, reads: syntax.reads, resultType, resultNullable, evaluate } }
}

function enumValuesOf(scope: CelScope, variable: string): readonly string[] | null {
  const type = scope.variables.get(variable)?.type
  if (type?.kind !== 'enum') return null
  return scope.enums.find((candidate) => candidate.name === type.name)?.values.map((value) => value.name) ?? null
}

function summaryOf(error: unknown): string {
  if (error instanceof ParseError || error instanceof EvaluationError || error instanceof CelTypeError)
    return error.summary
  if (error instanceof CelFailure) return error.message
  return error instanceof Error ? error.message : String(error)
}

function offsetOf(error: unknown): number {
  if (error instanceof ParseError || error instanceof EvaluationError || error instanceof CelTypeError)
    return error.range?.start ?? 0
  return 0
}

const describeCelType = (celType: string): string => celType.replaceAll('google.protobuf.', '')

function describeFieldType(type: FieldType): string {
  switch (type.kind) {
    case 'scalar':
      return type.scalar
    case 'list':
      return `[${describeFieldType(type.of)}]`
    default:
      return type.name
  }
}
