// The fields of Query and Subscription and the pages of entities: what each returns, and which rule group compiles it.
import { print } from 'graphql'
import type { PageOperation, QueryOperation, SubscriptionOperation } from '../model.ts'
import type { FieldDeclaration } from '../parse/declarations.ts'
import { directiveOf } from '../parse/directive-values.ts'
import { suggestName } from '../parse/nearest-name.ts'
import { innermostNamed, nullableType, reportMisplaced, resolveNamedType } from './field-types.ts'
import { compileLookup } from './lookup.ts'
import { type Operation, type OperationContext, operationName, type OwnedEntity } from './operation-context.ts'
import { compilePage } from './page.ts'
import type { PageParent } from './page-parent.ts'
import { compileScan } from './scan.ts'
import type { FieldShape } from './shapes.ts'
import { compileSubscription } from './subscription.ts'

const KINDS = ['lookup', 'page', 'scan', 'changes'] as const
type Kind = (typeof KINDS)[number]

/** What the field returns, of an entity of this product; null (reported, unless the type is unknown anyway) where it cannot be served. */
function resolveReturn(
  field: FieldDeclaration,
  context: OperationContext,
): { readonly kind: 'entity' | 'connection'; readonly entity: OwnedEntity; readonly list: boolean } | null {
  const { shapes, entities } = context
  const named = resolveNamedType(innermostNamed(field.type), shapes.declarations, shapes.reporter)
  if (named === null) return null
  if (named.kind === 'value') {
    const fix = `Return an entity${entities.size > 0 ? `: ${suggestName('', [...entities.keys()]).replace(/^Write /, '')}` : '.'}`
    const message = `${operationName(field)} returns no entity.`
    shapes.reporter.error('OPERATION_RETURN_TYPE', field.type, message, fix)
    return null
  }
  const entity = entities.get(named.entity)
  if (entity === undefined) {
    const shape = shapes.types.get(named.entity)
    if (shape?.role !== 'entity') {
      const message = `${operationName(field)} returns a connection of "${named.entity}", which is no entity.`
      shapes.reporter.error(
        'OPERATION_RETURN_TYPE',
        field.type,
        message,
        `Give "${named.entity}" @key, @source and @table.`,
      )
      return null
    }
    const message = `${operationName(field)} returns "${named.entity}", an entity of another product.`
    const fix = 'Remove the field: the owner serves it; or return an entity of this product.'
    shapes.reporter.error('OPERATION_RETURN_TYPE', field.type, message, fix)
    return null
  }
  return { kind: named.kind, entity, list: nullableType(field.type).node.kind === 'ListType' }
}

function suggestOperation(
  field: FieldDeclaration,
  returns: { kind: 'entity' | 'connection'; entity: OwnedEntity },
): string {
  if (field.owner === 'Subscription') return 'Add @changes.'
  if (returns.kind === 'entity') return 'Add @lookup.'
  const table = returns.entity.tables.names[0] ?? '...'
  return `Add @page(table: "...") with the table that serves the arguments, or @scan(table: "${table}") to read the whole table.`
}

/** The one kind of the operation; null where it has none or several, or its type does not fit (reported). */
function operationOf(field: FieldDeclaration, context: OperationContext): { kind: Kind; operation: Operation } | null {
  const { reporter } = context.shapes
  const name = operationName(field)
  const allowed: readonly Kind[] = field.owner === 'Subscription' ? ['changes'] : ['lookup', 'page', 'scan']
  const where = {
    text: `a field of ${field.owner} (${name})`,
    fix: () => `Use ${allowed.map((kind) => `@${kind}`).join(' or ')}.`,
  }
  reportMisplaced(field.directives, allowed, where, reporter)
  const misplaced = field.directives.some((one) => one.passed === null && !allowed.some((kind) => kind === one.name))
  const returns = resolveReturn(field, context)
  if (returns === null) return null
  const given = allowed.filter((kind) => directiveOf(field.directives, kind) !== null)
  const [kind, second] = given
  if (kind === undefined) {
    if (misplaced && KINDS.some((one) => directiveOf(field.directives, one) !== null)) return null
    const fix = returns.list
      ? `Return ${returns.entity.shape.name}Connection!, with first and after. ${suggestOperation(field, { ...returns, kind: 'connection' })}`
      : suggestOperation(field, returns)
    reporter.error('DIRECTIVE_MISSING', field.node.name, `${name} does not say how it is served.`, fix)
    return null
  }
  const directive = directiveOf(field.directives, kind)
  if (second !== undefined || directive === null) {
    reporter.error(
      'DIRECTIVE_CONFLICT',
      field.node.name,
      `${name} has ${given.map((one) => `@${one}`).join(' and ')}.`,
      'Keep one of them.',
    )
    return null
  }
  const wanted = kind === 'lookup' || kind === 'changes' ? 'entity' : 'connection'
  const entityName = returns.entity.shape.name
  if (returns.kind !== wanted || returns.list) {
    const text = wanted === 'entity' ? entityName : `${entityName}Connection!`
    const message = `${name} is of type ${print(field.type)}, and @${kind} returns ${wanted === 'entity' ? 'one entity' : 'a connection'}.`
    reporter.error('OPERATION_RETURN_TYPE', field.type, message, `Return ${text}.`)
    return null
  }
  // Filters are told of even where `on` is broken.
  return directive.broken && kind !== 'changes'
    ? null
    : { kind, operation: { field, directive, entity: returns.entity } }
}

export function compileQueries(context: OperationContext): readonly QueryOperation[] {
  const queries: QueryOperation[] = []
  for (const field of context.shapes.declarations.query.values()) {
    const found = operationOf(field, context)
    if (found === null) continue
    const { kind, operation } = found
    const { nullable } = nullableType(field.type)
    const page = kind === 'page' ? compilePage(operation, null, context) : null
    const compiled =
      kind === 'lookup'
        ? compileLookup(operation, context)
        : kind === 'scan'
          ? compileScan(operation, context)
          : page === null
            ? null
            : { ...page, nullable }
    if (compiled !== null) queries.push(compiled)
  }
  return queries
}

export function compileSubscriptions(context: OperationContext): readonly SubscriptionOperation[] {
  return [...context.shapes.declarations.subscription.values()]
    .map((field) => operationOf(field, context))
    .map((found) => (found === null ? null : compileSubscription(found.operation, context)))
    .filter((subscription) => subscription !== null)
}

/** The pages of entities, by their field. A wrong one is missing. */
export function compileEntityPages(
  context: OperationContext,
  parents: readonly PageParent[],
): ReadonlyMap<FieldShape, PageOperation> {
  const pages = new Map<FieldShape, PageOperation>()
  for (const parent of parents) {
    for (const field of parent.shape.fields.values()) {
      const directive = directiveOf(field.declaration.directives, 'page')
      if (field.role !== 'page' || directive === null || directive.broken) continue
      const returns = resolveReturn(field.declaration, context)
      if (returns === null) continue
      const operation = { field: field.declaration, directive, entity: returns.entity }
      const page = compilePage(operation, parent, context)
      if (page !== null) pages.set(field, page)
    }
  }
  return pages
}
