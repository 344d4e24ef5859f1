// From the text of a product.graphql to its model, or to everything that is wrong with it. Pure and deterministic.
// parse/ reads the text and the directives; validate/ has the rules, one group a file; model-assembly.ts puts the model together.
import type { Diagnostic } from './diagnostic.ts'
import type { CelExpression, Check, Entity, Extraction, FieldGovernance, Product } from './model.ts'
import { assembleEntity, assembleEnum, assembleValueType, type Compiled } from './model-assembly.ts'
import { collectDeclarations } from './parse/collect-declarations.ts'
import { textsOf, wholeDirective } from './parse/directive-values.ts'
import { parseDocument } from './parse/parse-document.ts'
import { createReporter, type Reporter } from './parse/reporter.ts'
import { buildShapes } from './validate/build-shapes.ts'
import { createChecks } from './validate/checks.ts'
import { compileComputed } from './validate/computed.ts'
import { compileKeys } from './validate/entity-keys.ts'
import { BOOLEAN } from './cel/cel-scope.ts'
import { createExpressions, type Expressions } from './validate/expressions.ts'
import { compileExtraction } from './validate/extraction.ts'
import { compileDerivations } from './validate/derivation.ts'
import { derivedSource } from './validate/derived-source.ts'
import { checkDefault } from './validate/default-checks.ts'
import { checkSubjects, compileAccess, compileGovernance } from './validate/governance.ts'
import { checkLinks, compileHeader, compileSlo, type Header, validDomain } from './validate/header.ts'
import type { OperationContext, OwnedEntity } from './validate/operation-context.ts'
import { compileEntityPages, compileQueries, compileSubscriptions } from './validate/operations.ts'
import { checkKeysServed, checkProductNames } from './validate/product-names.ts'
import { compileReads } from './validate/read-inputs.ts'
import { compileReferences } from './validate/references.ts'
import { type FieldShape, isValueRole, type Shapes, type TypeShape } from './validate/shapes.ts'
import { compileSource } from './validate/source.ts'
import { compileTables } from './validate/tables.ts'

export interface ProductCompilation {
  /** Null where a diagnostic is an error; warnings prevent nothing. */
  readonly product: Product | null
  /** All problems, by line and column. */
  readonly diagnostics: readonly Diagnostic[]
}

type EntityKeysByName = ReturnType<typeof compileKeys>

function compileEntities(
  shapes: Shapes,
  keys: EntityKeysByName,
  header: Header | null,
): ReadonlyMap<string, OwnedEntity> {
  const { reporter } = shapes
  const entities = new Map<string, OwnedEntity>()
  for (const shape of shapes.types.values()) {
    const entityKeys = keys.get(shape.name)
    if (!shape.owned || entityKeys === undefined) continue
    const written = compileSource(shape, entityKeys.primary, validDomain(header), reporter)
    const source = shape.derived ? derivedSource(shape, written, entityKeys.primary, reporter) : written
    const tables = compileTables(shape, entityKeys.primary, reporter)
    entities.set(shape.name, { shape, keys: entityKeys, source, tables })
  }
  checkProductNames(entities.values(), reporter)
  for (const entity of entities.values()) checkKeysServed(entity, reporter)
  return entities
}

function compileRowFilter(shape: TypeShape, expressions: Expressions): Entity['rowFilter'] {
  const directive = wholeDirective(shape.declaration.directives, 'rowFilter')
  if (directive === null) return null
  const what = `The row filter of "${shape.name}"`
  const expression = expressions.compile({ directive, shape, expected: BOOLEAN, withPrincipal: true, what })
  return expression === null ? null : { expression, unlessRoles: textsOf(directive, 'unlessRoles') }
}

type FieldRules = Pick<
  Compiled,
  'extractions' | 'governance' | 'fieldChecks' | 'typeChecks' | 'computed' | 'access' | 'rowFilters'
>

/** Everything that concerns one type and its fields. */
function compileTypes(shapes: Shapes, entities: ReadonlyMap<string, OwnedEntity>): FieldRules {
  const expressions = createExpressions(shapes)
  const checks = createChecks(shapes, expressions)
  const extractions = new Map<FieldShape, Extraction>()
  const governance = new Map<FieldShape, FieldGovernance>()
  const fieldChecks = new Map<FieldShape, readonly Check[]>()
  const typeChecks = new Map<TypeShape, readonly Check[]>()
  const computed = new Map<FieldShape, CelExpression>()
  const access = new Map<TypeShape, Entity['access']>()
  const rowFilters = new Map<TypeShape, Entity['rowFilter']>()
  for (const shape of shapes.types.values()) {
    const entity = entities.get(shape.name)
    const partialKey = entity?.source?.partial === true ? (entity.keys.primary ?? []) : null
    if (entity !== undefined) {
      typeChecks.set(shape, checks.ofType(shape))
      access.set(shape, compileAccess(shape.declaration.directives, shapes.reporter))
      rowFilters.set(shape, compileRowFilter(shape, expressions))
    }
    const ownExpressions = compileComputed(shape, partialKey, shapes, expressions)
    for (const field of shape.fields.values()) {
      governance.set(field, compileGovernance(field, shapes.reporter))
      if (field.role === 'stored') extractions.set(field, compileExtraction(field, shapes))
      if (isValueRole(field.role) || field.role === 'unknown') fieldChecks.set(field, checks.ofField(shape, field))
      const extraction = extractions.get(field)
      if (extraction !== undefined) checkDefault(field, extraction, fieldChecks.get(field) ?? [], shapes.reporter)
      const expression = ownExpressions.get(field.name)
      if (expression !== undefined) computed.set(field, expression)
    }
  }
  checkSubjects(shapes)
  return { extractions, governance, fieldChecks, typeChecks, computed, access, rowFilters }
}

function checkNotEmpty(shapes: Shapes, file: string, reporter: Reporter): void {
  if ([...shapes.types.values()].some((shape) => shape.owned)) return
  const fix =
    'Declare an entity, e.g. type Order @key(fields: "id") @source(topic: "sales.orders", key: "id") @table(name: "orders", partitionKey: ["id"]) { id: ID! }.'
  reporter.error('PRODUCT_EMPTY', { file, line: 1, column: 1 }, 'No entity of the product has a source.', fix)
}

/** Compiles a product. `file` names it in locations; `text` is its SDL. */
export function compileProduct(file: string, text: string): ProductCompilation {
  const reporter = createReporter(file)
  const document = parseDocument(file, text, reporter)
  if (document === null) return { product: null, diagnostics: reporter.diagnostics() }

  const declarations = collectDeclarations(document, reporter)
  const header = compileHeader(declarations, file, reporter)
  const slo = compileSlo(declarations, reporter)
  checkLinks(declarations, reporter)

  const shapes = buildShapes(declarations, reporter)
  checkNotEmpty(shapes, file, reporter)
  const keys = compileKeys(shapes)
  const entities = compileEntities(shapes, keys, header)
  const references = compileReferences(shapes, keys)
  const types = compileTypes(shapes, entities)

  const reads = compileReads(shapes)
  const derivations = compileDerivations(shapes, reads, (entity) => keys.get(entity)?.primary ?? null)

  const context: OperationContext = { shapes, entities, references }
  const queries = compileQueries(context)
  const subscriptions = compileSubscriptions(context)
  const parents = [...shapes.types.values()].flatMap((shape) => {
    const entityKeys = keys.get(shape.name)
    return entityKeys === undefined ? [] : [{ shape, keys: entityKeys }]
  })
  const pages = compileEntityPages(context, parents)

  const diagnostics = reporter.diagnostics()
  if (reporter.hasErrors() || header === null) return { product: null, diagnostics }
  const compiled: Compiled = { ...types, references, pages, keys, entities, subscriptions, derivations }
  const all = [...shapes.types.values()]
  const product: Product = {
    ...header,
    slo,
    reads: reads.inputs,
    readTypes: reads.types,
    entities: all.filter((shape) => shape.role === 'entity').map((shape) => assembleEntity(shape, compiled, reporter)),
    valueTypes: all
      .filter((shape) => shape.role === 'value')
      .map((shape) => assembleValueType(shape, compiled, reporter)),
    enums: [...shapes.enums.values()].map((declaration) => assembleEnum(declaration, reporter)),
    queries,
    subscriptions,
    file,
  }
  return { product, diagnostics }
}
