// Puts a product's model together from what the rule groups compiled. Called only where nothing is wrong, so that what is missing here is a
// bug of the compiler and throws.
import type {
  CelExpression,
  Check,
  Derivation,
  Entity,
  EnumType,
  Extraction,
  Field,
  FieldGovernance,
  PageOperation,
  ReferenceField,
  SubscriptionOperation,
  ValueType,
} from './model.ts'
import type { EnumDeclaration } from './parse/declarations.ts'
import type { Directive } from './parse/read-directives.ts'
import type { Reporter } from './parse/reporter.ts'
import type { EntityKeys } from './validate/entity-keys.ts'
import type { OwnedEntity } from './validate/operation-context.ts'
import { readsBase } from './validate/reads-base.ts'
import type { FieldShape, TypeShape } from './validate/shapes.ts'

/** What the rule groups compiled, by field and type. */
export interface Compiled {
  readonly extractions: ReadonlyMap<FieldShape, Extraction>
  readonly governance: ReadonlyMap<FieldShape, FieldGovernance>
  readonly fieldChecks: ReadonlyMap<FieldShape, readonly Check[]>
  readonly typeChecks: ReadonlyMap<TypeShape, readonly Check[]>
  readonly computed: ReadonlyMap<FieldShape, CelExpression>
  readonly references: ReadonlyMap<FieldShape, ReferenceField['keyFields']>
  readonly pages: ReadonlyMap<FieldShape, PageOperation>
  readonly access: ReadonlyMap<TypeShape, Entity['access']>
  readonly rowFilters: ReadonlyMap<TypeShape, Entity['rowFilter']>
  readonly keys: ReadonlyMap<string, EntityKeys>
  readonly entities: ReadonlyMap<string, OwnedEntity>
  readonly subscriptions: readonly SubscriptionOperation[]
  /** By the entity's name. */
  readonly derivations: ReadonlyMap<string, Derivation>
}

function taken<Value>(value: Value | null | undefined, what: string): Value {
  if (value === null || value === undefined) throw new TypeError(`the compiler lost ${what} without reporting it`)
  return value
}

function passedOf(directives: readonly Directive[]): readonly string[] {
  return directives.map((one) => one.passed).filter((text) => text !== null)
}

function assembleField(field: FieldShape, compiled: Compiled, reporter: Reporter): Field {
  const what = `"${field.declaration.owner}.${field.name}"`
  const base = {
    name: field.name,
    description: field.declaration.description,
    nullable: field.nullable,
    governance: taken(compiled.governance.get(field), `the governance of ${what}`),
    passedDirectives: passedOf(field.declaration.directives),
    location: reporter.locate(field.declaration.node.name),
  }
  switch (field.role) {
    case 'stored': {
      const extraction = taken(compiled.extractions.get(field), `the extraction of ${what}`)
      const checks = compiled.fieldChecks.get(field) ?? []
      return { kind: 'stored', ...base, type: taken(field.type, `the type of ${what}`), extraction, checks }
    }
    case 'computed': {
      const expression = taken(compiled.computed.get(field), `the expression of ${what}`)
      const checks = compiled.fieldChecks.get(field) ?? []
      return { kind: 'computed', ...base, type: taken(field.type, `the type of ${what}`), expression, checks }
    }
    case 'reference': {
      const keyFields = taken(compiled.references.get(field), `the key of ${what}`)
      return { kind: 'reference', ...base, entity: taken(field.target, `the entity of ${what}`), keyFields }
    }
    case 'page':
      return { kind: 'page', ...base, page: taken(compiled.pages.get(field), `the page of ${what}`) }
    default:
      return taken<Field>(null, what)
  }
}

export function assembleEntity(shape: TypeShape, compiled: Compiled, reporter: Reporter): Entity {
  const keys = taken(compiled.keys.get(shape.name), `the keys of "${shape.name}"`)
  const owned = compiled.entities.get(shape.name)
  const source = owned?.source ?? null
  const tables = owned?.tables.tables ?? []
  const key = taken(keys.primary, `the key of "${shape.name}"`)
  const subscriptions = compiled.subscriptions.filter((one) => one.entity === shape.name)
  return {
    name: shape.name,
    description: shape.declaration.description,
    key,
    keys: keys.keys.map((one) => ({ fields: one.text, resolvable: one.resolvable })),
    source,
    tables,
    fields: [...shape.fields.values()].map((field) => assembleField(field, compiled, reporter)),
    checks: compiled.typeChecks.get(shape) ?? [],
    access: compiled.access.get(shape) ?? null,
    rowFilter: compiled.rowFilters.get(shape) ?? null,
    // Keys stand in `keys`; printing them here too would declare them twice.
    passedDirectives: passedOf(shape.declaration.directives.filter((one) => one.name !== 'key')),
    readsBase: source !== null && readsBase({ source, key, tableCount: tables.length, subscriptions }),
    derivation: shape.derived ? taken(compiled.derivations.get(shape.name), `the derivation of "${shape.name}"`) : null,
    location: reporter.locate(shape.declaration.nameNode),
  }
}

export function assembleValueType(shape: TypeShape, compiled: Compiled, reporter: Reporter): ValueType {
  return {
    name: shape.name,
    description: shape.declaration.description,
    fields: [...shape.fields.values()].map((field) => assembleField(field, compiled, reporter)),
    passedDirectives: passedOf(shape.declaration.directives),
    location: reporter.locate(shape.declaration.nameNode),
  }
}

export function assembleEnum(declaration: EnumDeclaration, reporter: Reporter): EnumType {
  return {
    name: declaration.name,
    description: declaration.description,
    values: declaration.values.map((value) => ({
      name: value.name.value,
      description: value.description?.value ?? null,
    })),
    location: reporter.locate(declaration.nameNode),
  }
}
