// An expression of a fold, ready to run: CEL, or a mere read where it only names a variable or a member of one (most groups, keys and
// aggregated values do), which costs a tenth.
import { compileCel, type CelScope } from '../cel/compile-cel.ts'
import type { CelExpression, FieldType } from '../model.ts'
import { cellText, type Row, type Value } from '../row.ts'

/** A row for which an expression cannot be evaluated. */
export class ExpressionFailure extends Error {
  /** What the expression is for, and its text. */
  readonly expression: string

  constructor(expression: string, message: string) {
    super(message)
    this.expression = expression
  }
}

export interface FoldExpression {
  /** Variables that it reads. */
  readonly reads: readonly string[]
  /** A cell of the expected type. Null where it is null, or unknown since it failed on a null. Throws ExpressionFailure. */
  evaluate(variables: Row): Value
}

/** `where` says what the expression is for. Products are valid when they exist (model.ts): what does not compile is a bug of theirs. */
export function compileFoldExpression(expression: CelExpression, scope: CelScope, where: string): FoldExpression {
  const compilation = compileCel(expression.source, scope)
  if (compilation.kind === 'error')
    throw new Error(`Invariant broken: ${where} "${expression.source}" does not compile: ${compilation.message}`)
  const compiled = compilation.expression
  const { reads } = compiled
  const read = compileMereRead(expression.source.trim(), scope)
  if (read !== null) return { reads, evaluate: read }
  const name = `${where} "${expression.source}"`
  return {
    reads,
    evaluate(variables) {
      const result = compiled.evaluate(variables)
      if (result.kind === 'value') return result.value
      if (result.onNull) return null
      throw new ExpressionFailure(name, result.message)
    },
  }
}

type Read = (variables: Row) => Value

/** Null where the expression is more than a name, or its value needs more than one of `conversions`. */
function compileMereRead(source: string, scope: CelScope): Read | null {
  const [name = '', member, ...more] = source.split('.')
  const variable = scope.variables.get(name)
  if (variable === undefined || more.length > 0) return null
  if (member === undefined) {
    const convert = conversion(variable.type, scope.expected ?? variable.type)
    return convert === null ? null : (variables) => convert(variables[name] ?? null)
  }
  const object = variable.type.kind === 'object' ? variable.type.name : null
  const field = scope.valueTypes.find((type) => type.name === object)?.fields.find((one) => one.name === member)
  if (field?.kind !== 'stored' && field?.kind !== 'computed') return null
  const convert = conversion(field.type, scope.expected ?? field.type)
  if (convert === null) return null
  return (variables) => {
    const row = variables[name] ?? null
    return row === null ? null : convert((row as Row)[member] ?? null)
  }
}

type Convert = (value: Value) => Value

const same: Convert = (value) => value
const toText: Convert = (value) => (value === null ? null : cellText(value))
const texts: ReadonlySet<string> = new Set(['ID', 'String', 'UUID', 'EmailAddress', 'URL'])

/** What CEL and back again comes to. */
function conversion(from: FieldType, to: FieldType): Convert | null {
  if (from.kind === 'enum' && (to.kind === 'enum' ? to.name === from.name : isText(to))) return same
  if (from.kind === 'object') return to.kind === 'object' && to.name === from.name ? same : null
  if (from.kind !== 'scalar' || to.kind !== 'scalar') return null
  if (from.scalar === to.scalar || (isText(from) && isText(to))) return same
  switch (`${from.scalar} ${to.scalar}`) {
    case 'Int Float':
    case 'BigInt Decimal':
      return same
    case 'Int BigInt':
    case 'Int Decimal':
      return toText
    case 'DateTime Date':
      return (value) => (value === null ? null : cellText(value).slice(0, 10))
    case 'Date DateTime':
      return (value) => (value === null ? null : `${cellText(value)}T00:00:00.000Z`)
    default:
      return null
  }
}

const isText = (type: FieldType): boolean => type.kind === 'scalar' && texts.has(type.scalar)
