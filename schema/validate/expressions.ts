// CEL expressions of the product: their scope, and their errors at their place in the file.
import type { CelScope, CelVariable } from '../cel/compile-cel.ts'
import type { CelExpression, EnumType, FieldType, StoredField, ValueType } from '../model.ts'
import { argumentPlace, textOf } from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
import { compileExpression } from './compile-expression.ts'
import type { FieldShape, Shapes, TypeShape } from './shapes.ts'

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
export function scopeField(name: string, type: FieldType, nullable: boolean): StoredField {
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

/** The enums of the file, as far as an expression's scope needs them. */
export function enumsInScope(shapes: Shapes): readonly EnumType[] {
  return [...shapes.enums.values()].map(({ name, values }) => ({
    name,
    description: null,
    values: values.map((value) => ({ name: value.name.value, description: null })),
    location: NOWHERE,
  }))
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
  const enums = enumsInScope(shapes)
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
      const request = { text, place, scope: scopeOf(source), expected: source.expected, what: source.what }
      const declares = source.declares ?? false
      const typed = compileExpression({ ...request, declares }, reporter)
      if (typed === null) return null
      // `value` is another name of the field itself.
      const own = source.shape.fields.has('value') ? undefined : source.value?.name
      const reads = typed.expression.reads.map((name) => (name === 'value' && own !== undefined ? own : name))
      const fields = source.withPrincipal === true ? reads.filter((name) => name !== 'principal') : reads
      return { source: text, reads: [...new Set(fields)] }
    },
  }
}
