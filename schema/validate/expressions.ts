// CEL expressions of the product: their scope, and their errors at their place in the file.
import { compileCel, type CelScope, type CelVariable } from '../cel/compile-cel.ts'
import type { CelExpression, EnumType, FieldType, StoredField, ValueType } from '../model.ts'
import { argumentPlace, textOf } from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
import { nearestName } from '../parse/nearest-name.ts'
import { placeInString } from '../parse/string-places.ts'
import { type FieldShape, type Shapes, shapeTypeText, type TypeShape } from './shapes.ts'

const STRING: FieldType = { kind: 'scalar', scalar: 'String' }
const STRINGS: FieldType = { kind: 'list', of: STRING, itemsNullable: false }

/** Who asks, as row filters see it. */
const PRINCIPAL = 'MeshgatePrincipal'
const PRINCIPAL_FIELDS: Readonly<Record<string, CelVariable>> = {
  subject: { type: STRING, nullable: true },
  roles: { type: STRINGS, nullable: false },
  scopes: { type: STRINGS, nullable: false },
  purposes: { type: STRINGS, nullable: false },
  claims: { type: { kind: 'scalar', scalar: 'JSON' }, nullable: true },
}

const NOWHERE = { file: '', line: 0, column: 0 }

/** A field as far as an expression's scope needs it. */
function scopeField(name: string, type: FieldType, nullable: boolean): StoredField {
  const extraction = { path: [name], trim: false, emptyAsNull: false, letterCase: null, defaultText: null, parse: null }
  const governance = { subject: false, personal: null, mask: null, access: null }
  return {
    kind: 'stored', name, type, nullable, extraction, governance,
    description: null, checks: [], passedDirectives: [], location: NOWHERE,
  } // prettier-ignore
}

function scopeValueType(name: string, fields: Iterable<readonly [string, CelVariable]>): ValueType {
  const list = [...fields].map(([field, { type, nullable }]) => scopeField(field, type, nullable))
  return { name, description: null, fields: list, passedDirectives: [], location: NOWHERE }
}

function variablesOf(shape: TypeShape): Map<string, CelVariable> {
  const variables = new Map<string, CelVariable>()
  for (const field of shape.fields.values()) {
    if (field.type !== null) variables.set(field.name, { type: field.type, nullable: field.nullable })
  }
  return variables
}

/** What the library says of a mistake that everybody makes once (and what stands in the text), and what to write instead. */
const MENDS: readonly { readonly said: RegExp; readonly written?: RegExp; readonly fix: string }[] = [
  {
    said: /^Ternary branches .*(?:'null'$|got 'null')/,
    fix: 'Write dyn(...) around the other branch, as in count > 0 ? dyn(total) : null.',
  },
  {
    said: /^no such overload: (?:(?:dyn<)?Decimal>? [/%]|.* [/%] (?:dyn<)?Decimal)/,
    fix: 'Decimals have no quotient, which may not end: multiply, as in total * 0.01, or divide doubles, as in double(total) / 3.0.',
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

export interface ExpressionSource {
  readonly directive: Directive
  /** Type whose fields are variables. */
  readonly shape: TypeShape
  /** Field whose value is `value` as well. */
  readonly value?: FieldShape
  readonly withPrincipal?: boolean
  readonly expected: FieldType
  /** The expected type is that of a field's declaration, which could be another. */
  readonly declares?: boolean
  /** What it is, to begin a message with. */
  readonly what: string
}

export interface Expressions {
  /** Null, and reported, where it does not compile or gives another type; null silently where a field of the type is unknown. */
  compile(source: ExpressionSource): CelExpression | null
}

export function createExpressions(shapes: Shapes): Expressions {
  const { reporter } = shapes
  const enums: readonly EnumType[] = [...shapes.enums.values()].map(({ name, values }) => ({
    name,
    description: null,
    values: values.map((value) => ({ name: value.name.value, description: null })),
    location: NOWHERE,
  }))
  const values = [...shapes.types.values()].filter((shape) => shape.role === 'value')
  const valueTypes = values.map((shape) => scopeValueType(shape.name, variablesOf(shape)))
  const principal = scopeValueType(PRINCIPAL, Object.entries(PRINCIPAL_FIELDS))
  /** A type that cannot be trusted: an expression over it would only repeat what is reported already. */
  const anyUnknown = (shape: TypeShape) => [...shape.fields.values()].some((field) => field.role === 'unknown')

  const scopeOf = (source: ExpressionSource): CelScope => {
    const variables = variablesOf(source.shape)
    const { value } = source
    if (value !== undefined && value.type !== null && !variables.has('value')) {
      variables.set('value', { type: value.type, nullable: value.nullable })
    }
    if (source.withPrincipal === true)
      variables.set('principal', { type: { kind: 'object', name: PRINCIPAL }, nullable: false })
    return { variables, valueTypes: source.withPrincipal === true ? [...valueTypes, principal] : valueTypes, enums }
  }

  return {
    compile(source) {
      const text = textOf(source.directive, 'cel')
      const place = argumentPlace(source.directive, 'cel')
      if (anyUnknown(source.shape) || values.some(anyUnknown)) return null
      const scope = scopeOf(source)
      const untyped = compileCel(text, scope)
      if (untyped.kind === 'error') {
        const at = placeInString(place, untyped.offset, reporter)
        const names = [...scope.variables.keys()].join(', ')
        const message = `${source.what} does not compile: ${untyped.message}`
        const mend = MENDS.find(({ said, written }) => said.test(untyped.message) && (written?.test(text) ?? true))
        const near = suggestValue(untyped.message) ?? suggestVariable(untyped.message, scope)
        const fix = mend?.fix ?? near ?? `Mend the expression; its variables are ${names}.`
        reporter.error('CEL_INVALID', at, message, fix)
        return null
      }
      const typed = compileCel(text, { ...scope, expected: source.expected })
      if (typed.kind === 'error') {
        const message = `${source.what} gives another type: ${typed.message}`
        const { resultType } = untyped.expression
        const other =
          source.declares === true && resultType !== 'dyn' ? `, or declare the field ${shapeTypeText(resultType)}` : ''
        const fix = `Write an expression of type ${shapeTypeText(source.expected)}${other}.`
        reporter.error('CEL_RESULT_TYPE', placeInString(place, typed.offset, reporter), message, fix)
        return null
      }
      // `value` is another name of the field itself.
      const own = source.shape.fields.has('value') ? undefined : source.value?.name
      const reads = typed.expression.reads.map((name) => (name === 'value' && own !== undefined ? own : name))
      const fields = source.withPrincipal === true ? reads.filter((name) => name !== 'principal') : reads
      return { source: text, reads: [...new Set(fields)] }
    },
  }
}
