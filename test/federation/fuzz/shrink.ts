// Makes a failing case small while it fails in the same way: parts of the operation go first, then parts of the subgraphs, until no single
// part can go.
import { Kind, parse, print, validate, visit, type ASTNode, type DocumentNode, type SelectionNode } from 'graphql'
import { compareOne, openMesh, type Answerer, type MeshSource } from './fuzz-case.ts'
import type { FuzzOperation } from './operation-maker.ts'

export interface FailingCase extends MeshSource {
  readonly operation: FuzzOperation
}

/** Runs of a case that a shrinking may take. */
const TRIALS_MAX = 1500

export async function shrink(found: FailingCase, kind: string, answerer: Answerer): Promise<FailingCase> {
  let best = found
  let trials = 0
  const fails = async (candidate: FailingCase): Promise<boolean> => {
    if (++trials > TRIALS_MAX || weight(candidate) >= weight(best)) return false
    return (await kindOfCase(candidate, answerer)) === kind
  }
  const improve = async (make: (current: FailingCase, at: number) => FailingCase | null): Promise<boolean> => {
    let improved = false
    for (let at = 0; ;) {
      const candidate = make(best, at)
      if (candidate === null || trials > TRIALS_MAX) return improved
      if (await fails(candidate)) {
        best = candidate
        improved = true
      } else at++
    }
  }
  for (let again = true; again;) {
    again = await improve(smallerOperation)
    again = (await improve(withoutSubgraph)) || again
    again = (await improve(smallerSubgraph)) || again
  }
  return best
}

/** A spread weighs more than what it stands for, so that it is written out. */
function weight({ subgraphs, operation }: FailingCase): number {
  const spreads = operation.query.match(/\.\.\.\w/g) ?? []
  return operation.query.length + spreads.length * 1000 + subgraphs.reduce((sum, { sdl }) => sum + sdl.length, 0)
}

/** Null: nothing is wrong with it; 'invalid' where it is no case at all. */
async function kindOfCase(candidate: FailingCase, answerer: Answerer): Promise<string | null> {
  try {
    const mesh = openMesh(candidate)
    if (typeof mesh === 'string') return 'invalid'
    const document = parse(candidate.operation.query)
    if (validate(mesh.merged, document).length > 0) return 'invalid'
    return (await compareOne(mesh, answerer(mesh), candidate.operation))?.kind ?? null
  } catch {
    return 'invalid'
  }
}

function smallerOperation(current: FailingCase, at: number): FailingCase | null {
  const document = edited(parse(current.operation.query, { noLocation: true }), at, operationEdits)
  if (document === null) return null
  const query = print(withoutUnused(document))
  const variables = Object.fromEntries(
    Object.entries(current.operation.variables).filter(([name]) => new RegExp(`\\$${name}\\b`).test(query)),
  )
  return { ...current, operation: { query, variables } }
}

function withoutSubgraph(current: FailingCase, at: number): FailingCase | null {
  if (at >= current.subgraphs.length) return null
  return { ...current, subgraphs: current.subgraphs.filter((_, index) => index !== at) }
}

function smallerSubgraph(current: FailingCase, at: number): FailingCase | null {
  let left = at
  for (const [index, subgraph] of current.subgraphs.entries()) {
    const document = parse(subgraph.sdl, { noLocation: true })
    const count = countEdits(document, definitionEdits)
    if (left < count) {
      const smaller = edited(document, left, definitionEdits)
      if (smaller === null) return null
      const sdl = print(smaller)
      return {
        ...current,
        subgraphs: current.subgraphs.map((each, other) => (other === index ? { ...each, sdl } : each)),
      }
    }
    left -= count
  }
  return null
}

/** What can be done to a node: null deletes it; a list takes its place. */
type Edit = null | ASTNode | readonly SelectionNode[]
type Edits = (node: ASTNode, document: DocumentNode) => readonly Edit[]

function countEdits(document: DocumentNode, edits: Edits): number {
  let count = 0
  visit(document, { enter: (node) => void (count += edits(node, document).length) })
  return count
}

/** The document after the edit of this number; null where there are fewer. */
function edited(document: DocumentNode, number: number, edits: Edits): DocumentNode | null {
  let left = number
  let hoisted: { readonly node: ASTNode; readonly by: readonly SelectionNode[] } | null = null
  let done = false
  const result = visit(document, {
    enter: (node) => {
      if (done) return undefined
      const possible = edits(node, document)
      if (left >= possible.length) {
        left -= possible.length
        return undefined
      }
      done = true
      const edit = possible[left] ?? null
      if (!isList(edit)) return edit
      hoisted = { node, by: edit }
      return undefined
    },
    leave: (node) => {
      if (node.kind !== Kind.SELECTION_SET) return undefined
      const { selections } = node
      const replaced = selections.flatMap((each) => (hoisted?.node === each ? hoisted.by : [each]))
      return { ...node, selections: replaced.length === 0 ? [typename] : replaced }
    },
  })
  return done ? result : null
}

const typename: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

function isList(edit: Edit): edit is readonly SelectionNode[] {
  return Array.isArray(edit)
}

function operationEdits(node: ASTNode, document: DocumentNode): readonly Edit[] {
  if (node.kind === Kind.FIELD) {
    if (node.name.value === '__typename' && node.alias === undefined) return [null]
    const { alias, ...plain } = node
    return alias === undefined ? [null] : [null, plain]
  }
  if (node.kind === Kind.INLINE_FRAGMENT) return [null, node.selectionSet.selections]
  if (node.kind === Kind.FRAGMENT_SPREAD) {
    const fragment = document.definitions.find(
      (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === node.name.value,
    )
    if (fragment?.kind !== Kind.FRAGMENT_DEFINITION) return [null]
    const { typeCondition, selectionSet } = fragment
    return [null, { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet, directives: node.directives ?? [] }]
  }
  return node.kind === Kind.DIRECTIVE || node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD ? [null] : []
}

function definitionEdits(node: ASTNode): readonly Edit[] {
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION:
    case Kind.UNION_TYPE_DEFINITION: {
      const members = node.kind === Kind.UNION_TYPE_DEFINITION ? (node.types ?? []) : (node.interfaces ?? [])
      const fewer = members.map((member): ASTNode => {
        const rest = members.filter((each) => each !== member)
        return node.kind === Kind.UNION_TYPE_DEFINITION ? { ...node, types: rest } : { ...node, interfaces: rest }
      })
      return [null, ...fewer]
    }
    case Kind.ENUM_TYPE_DEFINITION:
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
    case Kind.SCALAR_TYPE_DEFINITION:
    case Kind.FIELD_DEFINITION:
    case Kind.INPUT_VALUE_DEFINITION:
    case Kind.DIRECTIVE:
      return [null]
    default:
      return []
  }
}

/** Fragments and variables that nothing uses any more are no part of a valid operation. */
function withoutUnused(document: DocumentNode): DocumentNode {
  const used = new Set<string>()
  const follow = (node: ASTNode): void => {
    visit(node, {
      FragmentSpread: ({ name }) => {
        if (used.has(name.value)) return
        used.add(name.value)
        for (const each of document.definitions) {
          if (each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === name.value) follow(each)
        }
      },
    })
  }
  for (const each of document.definitions) if (each.kind === Kind.OPERATION_DEFINITION) follow(each)
  const definitions = document.definitions.filter(
    (each) => each.kind !== Kind.FRAGMENT_DEFINITION || used.has(each.name.value),
  )
  const variables = new Set<string>()
  for (const definition of definitions) {
    visit(definition, {
      VariableDefinition: () => false,
      Variable: ({ name }) => void variables.add(name.value),
    })
  }
  return {
    kind: Kind.DOCUMENT,
    definitions: definitions.map((each) =>
      each.kind === Kind.OPERATION_DEFINITION
        ? {
            ...each,
            variableDefinitions: (each.variableDefinitions ?? []).filter(({ variable }) =>
              variables.has(variable.name.value),
            ),
          }
        : each,
    ),
  }
}
