// Mends plans that ask an interface object for fields of several concrete types. Given `{ nodes { ... on A { x } ... on B { y } } }`, x and y
// from an interface object of Node, the planner 0.0.38 merges both fetches into one of `x y` and keeps what it requires of one type
// only: objects of the other were silently null. Here the fetch is for every type that the operation asks one of its fields of.
import { Kind, parse, type OperationDefinitionNode, type SelectionSetNode } from 'graphql'
import type { ConcreteTypes } from '../execute/path-walker.ts'
import type { EntityBatch, EntityFetch, PathSegment, PlanNode, Requirement } from './planner.ts'

/** `operation` is the one that was planned: without named fragments. */
export function mendInterfaceObjectFetches(node: PlanNode, operation: string, types: ConcreteTypes): PlanNode {
  const mend = (inner: PlanNode): PlanNode => {
    switch (inner.kind) {
      case 'root':
        return inner
      case 'entities':
        return { ...inner, batches: inner.batches.map((batch) => mendBatch(batch, inner, operation, types)) }
      case 'sequence':
      case 'parallel':
        return { ...inner, nodes: inner.nodes.map(mend) }
      case 'condition':
        return {
          ...inner,
          whenTrue: inner.whenTrue && mend(inner.whenTrue),
          whenFalse: inner.whenFalse && mend(inner.whenFalse),
        }
    }
  }
  return mend(node)
}

function mendBatch(batch: EntityBatch, fetch: EntityFetch, operation: string, types: ConcreteTypes): EntityBatch {
  const interfaces = batch.inputRewrites.flatMap((rewrite) => (rewrite.kind === 'set' ? [rewrite.value] : []))
  const narrow = batch.requires.filter(
    (requirement) =>
      requirement.kind === 'type' && interfaces.some((name) => isNarrower(requirement.name, name, types)),
  )
  const [first] = narrow
  if (first === undefined) return batch
  const keys = fetchedKeys(batch, fetch)
  const asked = batch.paths.flatMap((path) => selectionsAt(rootSelection(operation), path))
  const concrete = new Set(interfaces.flatMap((name) => [...(types.get(name) ?? [])]))
  const present = new Set(narrow.map((requirement) => requirement.kind === 'type' && requirement.name))
  const missing = [...concrete].filter(
    (type) => !present.has(type) && !interfaces.includes(type) && asked.some((set) => asksOf(set, type, keys, types)),
  )
  if (missing.length === 0) return batch
  const added = missing.map((name): Requirement => ({ kind: 'type', name, selections: first.selections ?? [] }))
  return {
    ...batch,
    requires: [...batch.requires, ...added],
    paths: batch.paths.map((path) => path.map((segment) => widen(segment, narrow, missing))),
  }
}

function isNarrower(name: string, interfaceName: string, types: ConcreteTypes): boolean {
  return name !== interfaceName && types.get(interfaceName)?.has(name) === true
}

function widen(segment: PathSegment, narrow: readonly Requirement[], missing: readonly string[]): PathSegment {
  if (segment.kind !== 'type') return segment
  const named = narrow.some((requirement) => requirement.kind === 'type' && segment.names.includes(requirement.name))
  return named ? { ...segment, names: [...segment.names, ...missing] } : segment
}

function rootSelection(operation: string): SelectionSetNode[] {
  return parse(operation, { noLocation: true })
    .definitions.filter(
      (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
    )
    .map(({ selectionSet }) => selectionSet)
}

/** Response keys that the fetch asks of its entities, under the names that the operation knows. */
function fetchedKeys(batch: EntityBatch, fetch: EntityFetch): ReadonlySet<string> {
  const keys = new Set<string>()
  const collect = (selectionSet: SelectionSetNode): void => {
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FIELD) keys.add((selection.alias ?? selection.name).value)
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet)
    }
  }
  for (const entities of selectionsAt(rootSelection(fetch.operation), [{ kind: 'field', key: batch.alias }])) {
    collect(entities)
  }
  for (const rewrite of batch.outputRewrites) if (rewrite.kind === 'rename') keys.add(rewrite.to)
  keys.delete('__typename')
  return keys
}

function selectionsAt(selectionSets: readonly SelectionSetNode[], path: readonly PathSegment[]): SelectionSetNode[] {
  let at = [...selectionSets]
  for (const segment of path) {
    if (segment.kind === 'field') at = at.flatMap((selectionSet) => selectionsOf(selectionSet, segment.key))
  }
  return at
}

function selectionsOf({ selections }: SelectionSetNode, key: string): SelectionSetNode[] {
  return selections.flatMap((selection): SelectionSetNode[] => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return selectionsOf(selection.selectionSet, key)
    if (selection.kind !== Kind.FIELD || (selection.alias ?? selection.name).value !== key) return []
    return selection.selectionSet ? [selection.selectionSet] : []
  })
}

function asksOf(
  { selections }: SelectionSetNode,
  type: string,
  keys: ReadonlySet<string>,
  types: ConcreteTypes,
): boolean {
  return selections.some((selection) => {
    if (selection.kind === Kind.FIELD) return keys.has((selection.alias ?? selection.name).value)
    if (selection.kind !== Kind.INLINE_FRAGMENT) return false
    const condition = selection.typeCondition?.name.value
    const met = condition === undefined || condition === type || types.get(condition)?.has(type) === true
    return met && asksOf(selection.selectionSet, type, keys, types)
  })
}
