// Two ways to the same answer: the gateway over subgraphs, and graphql-js over one merged schema with the same data.
// Subgraphs run on @apollo/subgraph, in-process, their answers passed through JSON as over a wire.
import { buildSubgraphSchema } from '@apollo/subgraph'
import { buildSchema, execute, parse, subscribe, type ExecutionResult, type GraphQLSchema } from 'graphql'
import type { SubgraphEndpoint, SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { composeSupergraph, formatProblems } from '../../gateway/compose/compose-supergraph.ts'
import { createEngine, type EngineOptions } from '../../gateway/engine.ts'
import type { Engine, EngineResult } from '../../gateway/engine-contract.ts'

export type Resolvers = Record<string, Record<string, unknown>>

export interface TestSubgraph {
  readonly name: string
  readonly sdl: string
  readonly resolvers: Resolvers
}

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external", "@provides", "@shareable", "@override", "@interfaceObject", "@inaccessible", "@tag", "@composeDirective", "@cost", "@listSize"])\n`

export function composeMesh(subgraphs: readonly TestSubgraph[]): string {
  const composition = composeSupergraph(subgraphs.map(({ name, sdl }) => ({ name, sdl: LINK + sdl })))
  if (composition.kind === 'failed') throw new Error(formatProblems(composition.problems))
  return composition.supergraphSdl
}

export function createMesh(
  subgraphs: readonly TestSubgraph[],
  options: Partial<EngineOptions> & { intercept?: Intercept } = {},
): Engine {
  const supergraphSdl = composeMesh(subgraphs)
  return createEngine({
    supergraphSdl,
    endpoints: subgraphs.map((subgraph) => localEndpoint(subgraph, options.intercept)),
    ...options,
  })
}

/** Sees every request before its subgraph; what it returns is the answer in place of the subgraph's. */
export type Intercept = (service: string, request: SubgraphRequest) => unknown

export function localEndpoint({ name, sdl, resolvers }: TestSubgraph, intercept?: Intercept): SubgraphEndpoint {
  const schema = buildSubgraphSchema([{ typeDefs: parse(LINK + sdl), resolvers: resolvers as never }])
  const run = async (request: SubgraphRequest): Promise<SubgraphResponse> => {
    const intercepted = await intercept?.(name, request)
    if (intercepted !== undefined) return intercepted as SubgraphResponse
    const result = await execute({
      schema,
      document: parse(request.query),
      variableValues: { ...request.variables },
      contextValue: { principal: request.principal },
    })
    return overTheWire(result)
  }
  return {
    name,
    execute: run,
    subscribe: async (request) => {
      const stream = await subscribe({
        schema,
        document: parse(request.query),
        variableValues: { ...request.variables },
        contextValue: { principal: request.principal },
      })
      if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream))
      const close = (): void => void stream.return(undefined)
      request.signal?.addEventListener('abort', close, { once: true })
      return (async function* () {
        for await (const result of stream) yield overTheWire(result)
      })()
    },
    close: async () => undefined,
  }
}

function overTheWire(result: ExecutionResult): SubgraphResponse {
  return JSON.parse(JSON.stringify(result)) as SubgraphResponse
}

/** The reference: the merged SDL without federation, resolvers of all domains in one. */
export function mergedSchema(sdl: string, resolvers: Resolvers): GraphQLSchema {
  const schema = buildSchema(sdl)
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName)
    if (type === undefined) throw new Error(`no type ${typeName}`)
    for (const [name, resolve] of Object.entries(fields)) {
      if (name === '__resolveType') Object.assign(type, { resolveType: resolve })
      else if ('getFields' in type) Object.assign(type.getFields()[name] ?? {}, { resolve })
    }
  }
  return schema
}

export async function askMerged(
  schema: GraphQLSchema,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<EngineResult> {
  const result = await execute({ schema, document: parse(query), variableValues: variables })
  return overTheWire(result)
}

/**
 * Data, and the places that errors have made null. Messages differ between the two ways; and where one error has nulled a value, the
 * spec leaves it open which others below are reported.
 */
export function comparable(result: EngineResult): unknown {
  const nulled = (result.errors ?? []).map(({ path }) => JSON.stringify(nulledPlace(result.data, path ?? [])))
  return JSON.parse(JSON.stringify({ data: result.data, nulled: [...new Set(nulled)].toSorted() }))
}

function nulledPlace(data: unknown, path: readonly (string | number)[]): readonly (string | number)[] {
  let value = data
  for (const [index, key] of path.entries()) {
    if (typeof value !== 'object' || value === null) return path.slice(0, index)
    value = Object.hasOwn(value, key) ? (value as Record<string | number, unknown>)[key] : undefined
  }
  return path
}
