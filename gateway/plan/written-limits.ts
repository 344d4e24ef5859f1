// Bounds on a document as it is written, no fragment expanded: definitions of fragments, directives, the elements of lists in arguments, and
// whether it introspects. One walk, and none over a text that has no sign of them.
import {
  GraphQLError,
  Kind,
  type ArgumentNode,
  type ASTNode,
  type DirectiveNode,
  type DocumentNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import type { FailureCode } from '../../platform/errors.ts'

export interface WrittenLimits {
  readonly documentFragmentsMax: number
  readonly documentDirectivesMax: number
  readonly documentDirectivesPerPlaceMax: number
  readonly documentListSizeMax: number
}

/** What may be asked, besides how much. */
export interface DocumentPermissions {
  /** `__schema` and `__type`. */
  readonly introspection: boolean
}

interface Walk {
  readonly limits: WrittenLimits & DocumentPermissions
  readonly errors: GraphQLError[]
  directives: number
}

export const INTROSPECTION_FIELDS: ReadonlySet<string> = new Set(['__schema', '__type'])
/** A document without them has no list, no directive and no introspection; nearly all are such. */
const SIGNS = /[@[]|__(?:schema|type)\b/

/** A limit names itself, what was met, and what is allowed, at its place. Throws RangeError where values nest too deeply. */
export function checkWritten(document: DocumentNode, limits: WrittenLimits & DocumentPermissions): GraphQLError[] {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
  const walk: Walk = { limits, errors: [], directives: 0 }
  if (fragments.length > limits.documentFragmentsMax) {
    exceeded(walk, 'documentFragmentsMax', { count: fragments.length, node: fragments[limits.documentFragmentsMax] })
  }
  if (!SIGNS.test(document.loc?.source.body ?? '@')) return walk.errors
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue
    walkDirectives(walk, definition)
    for (const variable of definition.variableDefinitions ?? []) {
      walkDirectives(walk, variable)
      if (variable.defaultValue !== undefined) walkValue(walk, variable.defaultValue)
    }
    walkSelections(walk, definition.selectionSet)
  }
  if (walk.directives > limits.documentDirectivesMax) {
    exceeded(walk, 'documentDirectivesMax', { count: walk.directives, node: document.definitions[0] })
  }
  return walk.errors
}

function walkSelections(walk: Walk, { selections }: SelectionSetNode): void {
  for (const selection of selections) {
    walkDirectives(walk, selection)
    if (selection.kind === Kind.FIELD) {
      walkArguments(walk, selection.arguments)
      if (INTROSPECTION_FIELDS.has(selection.name.value)) meetIntrospection(walk, selection)
    }
    if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet) walkSelections(walk, selection.selectionSet)
  }
}

function walkDirectives(
  walk: Walk,
  node: ASTNode & { readonly directives?: readonly DirectiveNode[] | undefined },
): void {
  const { directives = [] } = node
  walk.directives += directives.length
  const most = walk.limits.documentDirectivesPerPlaceMax
  if (directives.length > most) {
    exceeded(walk, 'documentDirectivesPerPlaceMax', { count: directives.length, node: directives[most] })
  }
  for (const directive of directives) walkArguments(walk, directive.arguments)
}

function walkArguments(walk: Walk, values: readonly ArgumentNode[] = []): void {
  for (const { value } of values) walkValue(walk, value)
}

function walkValue(walk: Walk, value: ValueNode): void {
  if (value.kind === Kind.OBJECT) {
    for (const field of value.fields) walkValue(walk, field.value)
  } else if (value.kind === Kind.LIST) {
    const count = value.values.length
    if (count > walk.limits.documentListSizeMax) exceeded(walk, 'documentListSizeMax', { count, node: value })
    for (const item of value.values) walkValue(walk, item)
  }
}

function exceeded(
  { limits, errors }: Walk,
  name: keyof WrittenLimits,
  { count, node }: { readonly count: number; readonly node: ASTNode | undefined },
): void {
  errors.push(tooLarge(`The document exceeds ${name}: ${count} where ${limits[name]} are allowed.`, node))
}

function meetIntrospection(walk: Walk, node: ASTNode): void {
  if (walk.limits.introspection) return
  const message =
    'Introspection is off at this gateway. Set MESHGATE_INTROSPECTION=true (or --introspection) to let clients read the schema.'
  walk.errors.push(refusal('INTROSPECTION_DISABLED', message, node))
}

export function tooLarge(message: string, node: ASTNode | undefined): GraphQLError {
  return refusal('DOCUMENT_TOO_LARGE', message, node)
}

function refusal(code: FailureCode, message: string, node: ASTNode | undefined): GraphQLError {
  return new GraphQLError(message, { ...(node === undefined ? {} : { nodes: node }), extensions: { code } })
}
