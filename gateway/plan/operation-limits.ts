// Bounds on a parsed document, checked before it is validated or planned: both are slow or crash on what these refuse.
// Fragments are measured once each, so that a chain which doubles at every step costs nothing to refuse.
import { Kind, type DocumentNode, type FragmentDefinitionNode, type GraphQLError, type SelectionSetNode } from 'graphql'
import {
  checkWritten,
  INTROSPECTION_FIELDS,
  tooLarge,
  type DocumentPermissions,
  type WrittenLimits,
} from './written-limits.ts'

export interface DocumentLimits extends WrittenLimits {
  readonly documentTokensMax: number
  readonly documentDepthMax: number
  readonly documentNestingMax: number
  readonly documentAliasesMax: number
  readonly introspectionAliasesMax: number
  readonly documentSelectionsMax: number
  readonly documentRootFieldsMax: number
}

/** All that is asked of a document before it is validated. */
export interface DocumentRules extends DocumentLimits, DocumentPermissions {}

function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  return fragments
}

interface Measure {
  readonly depth: number
  /** Fields and fragments inside one another. */
  readonly nesting: number
  readonly aliases: number
  /** Those of them at and below `__schema` and `__type`. */
  readonly introspectionAliases: number
  readonly selections: number
  /** Fields at the top of it. */
  readonly rootFields: number
}

const NOTHING: Measure = { depth: 0, nesting: 0, aliases: 0, introspectionAliases: 0, selections: 0, rootFields: 0 }

/** Errors with code DOCUMENT_TOO_LARGE or INTROSPECTION_DISABLED; none where the document may be validated. */
export function checkLimits(document: DocumentNode, limits: DocumentRules): GraphQLError[] {
  const measurer = new Map<string, Measure | 'measuring'>()
  const fragments = fragmentsOf(document)
  const errors = checkWritten(document, limits)
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue
    const measured = measure(definition.selectionSet, fragments, measurer)
    const exceeded = (name: keyof DocumentLimits, value: number): void => {
      if (value <= limits[name]) return
      const message = `The document exceeds ${name}: ${value > 1e9 ? 'far more' : value} where ${limits[name]} are allowed.`
      errors.push(tooLarge(message, definition))
    }
    exceeded('documentDepthMax', measured.depth)
    exceeded('documentNestingMax', measured.nesting)
    exceeded('documentAliasesMax', measured.aliases)
    exceeded('introspectionAliasesMax', measured.introspectionAliases)
    exceeded('documentSelectionsMax', measured.selections)
    if (definition.kind === Kind.OPERATION_DEFINITION) exceeded('documentRootFieldsMax', measured.rootFields)
  }
  return errors
}

function measure(
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, Measure | 'measuring'>,
): Measure {
  let { depth, nesting, aliases, introspectionAliases, selections, rootFields } = NOTHING
  const add = (inner: Measure, levels: number): void => {
    depth = Math.max(depth, inner.depth + levels)
    nesting = Math.max(nesting, inner.nesting + 1)
    aliases += inner.aliases
    introspectionAliases += inner.introspectionAliases
    selections += inner.selections + 1
    rootFields += levels === 1 ? 1 : inner.rootFields
  }
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FIELD) {
      const inner = selection.selectionSet ? measure(selection.selectionSet, fragments, known) : NOTHING
      const own = selection.alias === undefined ? 0 : 1
      aliases += own
      add(inner, 1)
      if (INTROSPECTION_FIELDS.has(selection.name.value)) introspectionAliases += own + inner.aliases
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      add(measure(selection.selectionSet, fragments, known), 0)
    } else {
      add(measureFragment(selection.name.value, fragments, known), 0)
    }
  }
  return { depth, nesting, aliases, introspectionAliases, selections, rootFields }
}

/** Unknown and cyclic fragments count nothing here: validation refuses both. */
function measureFragment(
  name: string,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, Measure | 'measuring'>,
): Measure {
  const found = known.get(name)
  if (found === 'measuring') return NOTHING
  if (found !== undefined) return found
  const fragment = fragments.get(name)
  if (fragment === undefined) return NOTHING
  known.set(name, 'measuring')
  const measured = measure(fragment.selectionSet, fragments, known)
  known.set(name, measured)
  return measured
}
