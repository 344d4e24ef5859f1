// Decides in one pass what the spec's FieldsInSetCanMerge (5.3.2) decides by comparing fields in pairs, for nearly every document: where all
// fields under one response key have the same name, arguments and shape, whatever their parents, none can conflict. Where some differ
// the pairs have to be compared, and there it counts how many that would be.
import {
  getNamedType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  isUnionType,
  Kind,
  print,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql'

export interface FieldOverlaps {
  /** No field can conflict with another, or the document is refused for something else: nothing has to be compared. */
  readonly allAlike: boolean
  /** Fields of one response key, and fragments of one place, each with each. */
  readonly pairs: number
}

type Parent = GraphQLCompositeType | undefined

interface Part {
  readonly set: SelectionSetNode
  readonly parent: Parent
}

interface KeyGroup {
  readonly says: string
  readonly parts: Part[]
  fields: number
}

interface Comparing {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  allAlike: boolean
  pairs: number
}

/** The document is within the limits of documents: fragments are written out here. */
export function compareFields(schema: GraphQLSchema, document: DocumentNode): FieldOverlaps {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const comparing: Comparing = { schema, fragments, allAlike: true, pairs: 0 }
  if (hasCycle(fragments)) return comparing
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    const parent = schema.getRootType(definition.operation) ?? undefined
    compareParts([{ set: definition.selectionSet, parent }], comparing)
  }
  return comparing
}

/** Selections that are answered by the same objects, or under the same key of different ones. */
function compareParts(parts: readonly Part[], comparing: Comparing): void {
  const groups = new Map<string, KeyGroup>()
  const spread = new Set<string>()
  for (const part of parts) collect(part, { groups, spread, comparing })
  comparing.pairs += pairsOf(spread.size)
  for (const group of groups.values()) {
    comparing.pairs += pairsOf(group.fields)
    if (group.parts.length > 0) compareParts(group.parts, comparing)
  }
}

interface Collecting {
  readonly groups: Map<string, KeyGroup>
  readonly spread: Set<string>
  readonly comparing: Comparing
}

function collect({ set, parent }: Part, collecting: Collecting): void {
  const { comparing, spread } = collecting
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      collectField(selection, parent, collecting)
      continue
    }
    const isSpread = selection.kind === Kind.FRAGMENT_SPREAD
    if (isSpread && spread.has(selection.name.value)) continue
    if (isSpread) spread.add(selection.name.value)
    const fragment = isSpread ? comparing.fragments.get(selection.name.value) : selection
    if (fragment === undefined) {
      comparing.allAlike = false
      continue
    }
    const condition = fragment.typeCondition?.name.value
    const type = condition === undefined ? parent : comparing.schema.getType(condition)
    collect({ set: fragment.selectionSet, parent: isCompositeType(type) ? type : undefined }, collecting)
  }
}

function collectField(node: FieldNode, parent: Parent, { groups, comparing }: Collecting): void {
  const type = typeOfField(node.name.value, parent)
  if (type === undefined) comparing.allAlike = false
  const says = `${node.name.value}${writtenArguments(node)}:${type === undefined || type === null ? '' : shapeOf(type)}`
  const key = node.alias?.value ?? node.name.value
  let group = groups.get(key)
  if (group === undefined) {
    group = { says, parts: [], fields: 0 }
    groups.set(key, group)
  } else if (group.says !== says) comparing.allAlike = false
  group.fields++
  if (node.selectionSet !== undefined) group.parts.push({ set: node.selectionSet, parent: objectsOf(type) })
}

/** Null for __typename, which is the same everywhere; undefined where there is no such field. */
function typeOfField(name: string, parent: Parent): GraphQLOutputType | null | undefined {
  if (name === '__typename') return null
  if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef.type
  if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef.type
  return parent === undefined || isUnionType(parent) ? undefined : parent.getFields()[name]?.type
}

function objectsOf(type: GraphQLOutputType | null | undefined): Parent {
  const named = type && getNamedType(type)
  return isCompositeType(named) ? named : undefined
}

/** SameResponseShape: lists, nulls, and which leaf. Objects differ by their fields only. */
function shapeOf(type: GraphQLOutputType): string {
  if (isNonNullType(type)) return `${shapeOf(type.ofType)}!`
  if (isListType(type)) return `[${shapeOf(type.ofType)}]`
  return isLeafType(type) ? type.name : ''
}

function writtenArguments({ arguments: given = [] }: FieldNode): string {
  if (given.length === 0) return ''
  return `(${given.map(print).toSorted().join(',')})`
}

function pairsOf(count: number): number {
  return (count * (count - 1)) / 2
}

/** Refused by a rule of its own; written out it would have no end. */
function hasCycle(fragments: ReadonlyMap<string, FragmentDefinitionNode>): boolean {
  const known = new Map<string, 'open' | 'done'>()
  const isCyclic = (name: string): boolean => {
    const state = known.get(name)
    if (state !== undefined) return state === 'open'
    const fragment = fragments.get(name)
    if (fragment === undefined) return false
    known.set(name, 'open')
    const spread: string[] = []
    visit(fragment, { FragmentSpread: ({ name: { value } }) => void spread.push(value) })
    const found = spread.some(isCyclic)
    known.set(name, 'done')
    return found
  }
  return [...fragments.keys()].some(isCyclic)
}
