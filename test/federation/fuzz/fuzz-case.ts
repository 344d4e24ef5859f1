// One random mesh and many operations on it: each is answered by the gateway over strict subgraphs and by graphql-js over the merged schema.
import { transformSupergraphToPublicSchema } from '@theguild/federation-composition'
import {
  buildASTSchema,
  execute,
  parse,
  visit,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql'
import { composeSupergraph, formatProblems } from '../../../gateway/compose/compose-supergraph.ts'
import type { EngineResult } from '../../../gateway/engine-contract.ts'
import type { SubgraphEndpoint } from '../../../platform/ports/subgraph-endpoint.ts'
import { comparable } from '../merged-mesh.ts'
import { createMeshData, type FuzzObject, type MeshData } from './mesh-data.ts'
import { federated, readMesh, type SubgraphSdl } from './mesh-model.ts'
import { buildGraphSchema, createSubgraphs, type FuzzSubgraphs } from './mesh-subgraphs.ts'
import type { FuzzOperation } from './operation-maker.ts'

export interface FuzzMesh {
  readonly subgraphs: readonly SubgraphSdl[]
  readonly seed: number
  readonly failing: boolean
  readonly supergraphSdl: string
  readonly merged: GraphQLSchema
  readonly data: MeshData
  readonly running: FuzzSubgraphs
}

export interface MeshSource {
  readonly subgraphs: readonly SubgraphSdl[]
  readonly seed: number
  readonly failing: boolean
}

/** Why the subgraphs do not compose, else the mesh. */
export function openMesh({ subgraphs, seed, failing }: MeshSource): FuzzMesh | string {
  const composition = composeSupergraph(subgraphs.map(({ name, sdl }) => ({ name, sdl: federated(sdl), url: '' })))
  if (composition.kind === 'failed') return formatProblems(composition.problems)
  const { supergraphSdl } = composition
  const model = readMesh(subgraphs)
  const schemas = new Map(model.graphs.map((graph) => [graph.name, buildGraphSchema(graph)]))
  const data = createMeshData({ model, schemas, seed, failing })
  const running = createSubgraphs({ model, schemas, data })
  const publicDocument = withoutLostMembers(
    transformSupergraphToPublicSchema(parse(supergraphSdl, { noLocation: true })),
  )
  const merged = buildASTSchema(publicDocument, { assumeValidSDL: true })
  return { subgraphs, seed, failing, supergraphSdl, merged, data, running }
}

/** The library leaves the members of a union that it has hidden. */
function withoutLostMembers(document: DocumentNode): DocumentNode {
  const names = new Set(document.definitions.flatMap((each) => ('name' in each ? (each.name?.value ?? []) : [])))
  return visit(document, {
    UnionTypeDefinition: (node) => ({ ...node, types: node.types?.filter(({ name }) => names.has(name.value)) ?? [] }),
  })
}

/** What answers for the gateway: made once for each mesh. */
export type Answerer = (
  mesh: FuzzMesh,
) => (operation: FuzzOperation, endpoints: readonly SubgraphEndpoint[]) => Promise<EngineResult>

export interface Difference {
  /** For a table of causes. */
  readonly kind: string
  readonly expected: string
  readonly actual: string
  readonly requests: FuzzSubgraphs['requests']
  readonly violations: readonly string[]
}

/** Null: both ways give the same answer. */
export async function compareOne(
  mesh: FuzzMesh,
  ask: ReturnType<Answerer>,
  operation: FuzzOperation,
): Promise<Difference | null> {
  const reference = answerMerged(mesh, parse(operation.query), operation.variables)
  const { running } = mesh
  running.reset()
  let result: EngineResult
  let thrown = ''
  try {
    result = await ask(operation, running.endpoints)
  } catch (error) {
    thrown = String(error)
    result = { errors: [{ message: thrown }] }
  }
  const expected = JSON.stringify(comparable(reference))
  const actual = JSON.stringify(comparable(result))
  const kind = kindOf({ mesh, reference, result, thrown, same: expected === actual })
  if (kind === null) return null
  return {
    kind,
    expected: expected === actual ? expected : JSON.stringify(reference),
    actual: JSON.stringify(result),
    requests: [...running.requests],
    violations: [...running.violations],
  }
}

interface Outcome {
  readonly mesh: FuzzMesh
  readonly reference: EngineResult
  readonly result: EngineResult
  readonly thrown: string
  readonly same: boolean
}

function kindOf({ mesh, reference, result, thrown, same }: Outcome): string | null {
  if (mesh.data.unsound.length > 0) return `unsound mesh: ${mesh.data.unsound[0] ?? ''}`
  const unsound = mesh.failing ? undefined : reference.errors?.find(({ message }) => message !== HIDDEN)
  if (unsound !== undefined) return `unsound data: ${unsound.message}`
  const [violation] = mesh.running.violations
  if (violation !== undefined) return `violation: ${withoutNames(violation)}`
  if (thrown !== '') return `thrown: ${withoutNames(thrown)}`
  if (result.data === undefined) return `refused: ${withoutNames(result.errors?.[0]?.message ?? '')}`
  if (!same)
    return result.errors === undefined || mesh.failing
      ? 'wrong data'
      : `error: ${withoutNames(result.errors[0]?.message ?? '')}`
  return null
}

function withoutNames(message: string): string {
  return message
    .replace(/ in (query|mutation|\{)[\s\S]*$/, '')
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/\b[A-Z]\d\w*(\.\w+)?/g, 'T')
    .replaceAll(/\{.*\}/gs, '{…}')
    .slice(0, 110)
}

const HIDDEN = 'a type that clients never see'

/** An object of a type that clients never see is an error to them. */
function withoutHidden(merged: GraphQLSchema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutHidden(merged, each))
  const isObject = typeof value === 'object' && value !== null && 'type' in value && 'n' in value && 'id' in value
  return isObject && merged.getType(String(value.type)) === undefined ? new Error(HIDDEN) : value
}

function answerMerged(
  { merged, data }: FuzzMesh,
  document: DocumentNode,
  variableValues: Readonly<Record<string, unknown>>,
): EngineResult {
  data.reset()
  const result = execute({
    schema: merged,
    document,
    variableValues: { ...variableValues },
    fieldResolver: (source: FuzzObject | undefined, args: Record<string, unknown>, _, { fieldName, parentType }) =>
      withoutHidden(merged, data.read(source ?? data.root(parentType.name), fieldName, args)),
    typeResolver: (object: FuzzObject) => object.type,
  })
  if (result instanceof Promise) throw new Error('the merged schema answers at once')
  return JSON.parse(JSON.stringify(result satisfies ExecutionResult)) as EngineResult
}
