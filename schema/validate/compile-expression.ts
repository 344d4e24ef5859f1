// One CEL expression of a product file: compiled in its scope, with its errors at their place in the file and what to write instead.
import { compileCel, type CelScope, type CompiledCel } from '../cel/compile-cel.ts'
import type { CelExpression, FieldType } from '../model.ts'
import type { ASTNode } from 'graphql'
import { nearestName } from '../parse/nearest-name.ts'
import type { Reporter } from '../parse/reporter.ts'
import { placeInString } from '../parse/string-places.ts'
import { shapeTypeText } from './shapes.ts'

/** What the library says of a mistake that everybody makes once (and what stands in the text), and what to write instead. */
const MENDS: readonly { readonly said: RegExp; readonly written?: RegExp; readonly fix: string }[] = [
  {
    said: /^Ternary branches .*(?:'null'$|got 'null')/,
    fix: 'Write dyn(...) around the other branch, as in count > 0 ? dyn(total) : null.',
  },
  {
    said: /^no such overload: (?:(?:dyn<)?Decimal>? [/%]|.* [/%] (?:dyn<)?Decimal)/,
    fix: 'Decimals have no quotient, which may not end: multiply, as in total * 0.01, or write ratio(total, 3), a double.',
  },
  {
    said: /^no such overload: (?:dyn<)?(?:int>? [-+*/%<>=!]+ (?:dyn<)?double|double>? [-+*/%<>=!]+ (?:dyn<)?int)/,
    fix: 'Convert one side: double(...), or decimal(...) for an exact result.',
  },
  {
    said: /^Unexpected character/,
    written: /\b(?:and|or|not)\b/i,
    fix: 'Write && for "and", || for "or", ! for "not".',
  },
  { said: /^Unexpected character: '?='?$/, fix: 'Compare by ==.' },
  {
    said: /^List index must be int, got 'string'/,
    fix: 'A list has no members: write size(lines) for its length, lines.map(l, l.amount) for the amounts of its items.',
  },
  {
    said: /^Unknown variable: (?:this|self|record|row|it)\b/,
    fix: 'Write the name of the field alone: fields are variables.',
  },
]

/** The value of the enum that was meant. */
function suggestValue(message: string): string | null {
  const [, value, known] = /^'(.*)' is no value of \w+; it has (.*)\.$/.exec(message) ?? []
  const near = value === undefined || known === undefined ? null : nearestName(value, known.split(', '))
  return near === null ? null : `Write '${near}'.`
}

/** What a name that the expression does not know was meant to be. */
function suggestVariable(message: string, scope: CelScope): string | null {
  const variable = /^Unknown variable: (\w+)/.exec(message)?.[1]
  const member = /^No such key: (\w+)/.exec(message)?.[1]
  const members = scope.valueTypes.flatMap((type) => type.fields.map((field) => field.name))
  const known = variable === undefined ? members : [...scope.variables.keys()]
  const near = nearestName(variable ?? member ?? '', known)
  return near === null ? null : `Write "${near}".`
}

export interface ExpressionRequest {
  readonly text: string
  /** The string that it is written in. */
  readonly place: ASTNode
  readonly scope: CelScope
  /** Null: any type will do. */
  readonly expected: FieldType | null
  /** The expected type is that of a field's declaration, which could be another. */
  readonly declares?: boolean
  /** What it is, to begin a message with. */
  readonly what: string
  /** Variables that are not in scope here and are elsewhere, with what to do. */
  readonly elsewhere?: ReadonlyMap<string, string>
}

export interface TypedExpression {
  readonly expression: CelExpression
  /** What it gives by itself, whatever was expected. */
  readonly resultType: FieldType | 'dyn'
  readonly compiled: CompiledCel
}

/** Null, and reported, where it does not compile or gives another type. */
export function compileExpression(request: ExpressionRequest, reporter: Reporter): TypedExpression | null {
  const { text, place, scope, expected, what } = request
  const untyped = compileCel(text, scope)
  if (untyped.kind === 'error') {
    const at = placeInString(place, untyped.offset, reporter)
    const names = [...scope.variables.keys()].join(', ')
    const message = `${what} does not compile: ${untyped.message}`
    const mend = MENDS.find(({ said, written }) => said.test(untyped.message) && (written?.test(text) ?? true))
    const near = suggestValue(untyped.message) ?? suggestVariable(untyped.message, scope)
    const unknown = /^Unknown variable: (\w+)/.exec(untyped.message)?.[1]
    const told = unknown === undefined ? undefined : request.elsewhere?.get(unknown)
    const fix = told ?? mend?.fix ?? near ?? `Mend the expression; its variables are ${names}.`
    reporter.error('CEL_INVALID', at, message, fix)
    return null
  }
  const { reads, resultType } = untyped.expression
  const compiled: TypedExpression = { expression: { source: text, reads }, resultType, compiled: untyped.expression }
  if (expected === null) return compiled
  const typed = compileCel(text, { ...scope, expected })
  if (typed.kind === 'ok') return compiled
  const message = `${what} gives another type: ${typed.message}`
  const other =
    request.declares === true && resultType !== 'dyn' ? `, or declare the field ${shapeTypeText(resultType)}` : ''
  const fix = `Write an expression of type ${shapeTypeText(expected)}${other}.`
  reporter.error('CEL_RESULT_TYPE', placeInString(place, typed.offset, reporter), message, fix)
  return null
}
