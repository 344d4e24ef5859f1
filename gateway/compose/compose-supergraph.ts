// Composes subgraph SDLs into a supergraph. Problems are values: one line per problem, each naming its subgraphs, with the place in the SDL
// where it is known.
import { composeServices } from '@theguild/federation-composition'
import { GraphQLError, Kind, parse, visit, type DocumentNode } from 'graphql'
import { checkComposition, coordinates, withoutRepeated } from './check-composition.ts'
import { checkSupergraph } from './check-supergraph.ts'
import { formatProblems, type CompositionProblem } from './composition-problem.ts'
import { mendFieldTypes } from './mend-field-types.ts'
import { mendSupergraph } from './mend-supergraph.ts'
import { readSubgraph, type SubgraphModel } from './subgraph-model.ts'

export { formatProblems, type CompositionProblem }

export interface SubgraphDefinition {
  readonly name: string
  /** Where it answers; not needed in-process. */
  readonly url?: string
  readonly sdl: string
}

export type Composition =
  | { readonly kind: 'composed'; readonly supergraphSdl: string }
  | { readonly kind: 'failed'; readonly problems: readonly CompositionProblem[] }

interface ParsedSubgraph {
  readonly name: string
  readonly url: string
  readonly typeDefs: DocumentNode
}

/** Directives that compose but that the planner would silently ignore. */
const UNSUPPORTED_DIRECTIVES = ['fromContext']

export function composeSupergraph(services: readonly SubgraphDefinition[]): Composition {
  const problems: CompositionProblem[] = []
  const parsed: ParsedSubgraph[] = []
  for (const service of services) {
    try {
      const typeDefs = parse(service.sdl, { noLocation: false })
      parsed.push({ name: service.name, url: service.url ?? '', typeDefs })
      problems.push(...unsupported(service, typeDefs))
    } catch (error) {
      problems.push({ subgraphs: [service.name], code: 'SYNTAX_ERROR', ...describeSyntaxError(error) })
    }
  }
  if (problems.length > 0) return { kind: 'failed', problems }
  const models = parsed.map(({ name, typeDefs }) => readSubgraph(name, typeDefs))
  const checked = checkComposition(models)
  if (!checked.mayCompose) return { kind: 'failed', problems: checked.problems }
  const composed = composeByLibrary(parsed, models)
  if (composed.kind === 'failed') {
    return { kind: 'failed', problems: [...composed.problems, ...withoutRepeated(checked.problems, composed.problems)] }
  }
  const left = checked.problems.length > 0 ? checked.problems : checkSupergraph(composed.supergraphSdl)
  return left.length > 0 ? { kind: 'failed', problems: left } : composed
}

function composeByLibrary(parsed: readonly ParsedSubgraph[], models: readonly SubgraphModel[]): Composition {
  try {
    const result = composeServices(parsed.map((subgraph, at) => interfaceObjectsFirst(subgraph, models[at])))
    if (result.errors === undefined) {
      return { kind: 'composed', supergraphSdl: mendFieldTypes(mendSupergraph(result.supergraphSdl, models), models) }
    }
    return { kind: 'failed', problems: result.errors.map((error) => toProblem(error, models)) }
  } catch (error) {
    // Shapes that it does not expect end in a TypeError or an endless recursion, with nothing said about where.
    const reason = error instanceof Error ? error.message : String(error)
    const message = `The composition library gave up: ${reason}. Compose fewer subgraphs at a time to find the one that it cannot read.`
    return { kind: 'failed', problems: [{ subgraphs: [], code: 'INVALID_GRAPHQL', message }] }
  }
}

/** The library throws where @requires or @provides selects fields of an interface object that the SDL defines further down. */
function interfaceObjectsFirst(subgraph: ParsedSubgraph, model: SubgraphModel | undefined): ParsedSubgraph {
  const { definitions } = subgraph.typeDefs
  const isFirst = (node: DocumentNode['definitions'][number]): boolean =>
    node.kind === Kind.OBJECT_TYPE_DEFINITION &&
    (model?.types.get(node.name.value)?.applied('interfaceObject').length ?? 0) > 0
  if (!definitions.some(isFirst)) return subgraph
  const sorted = [...definitions.filter(isFirst), ...definitions.filter((node) => !isFirst(node))]
  return { ...subgraph, typeDefs: { ...subgraph.typeDefs, definitions: sorted } }
}

/** Uses of it: what a subgraph that runs answers as its SDL also defines it. */
function unsupported(service: SubgraphDefinition, typeDefs: DocumentNode): CompositionProblem[] {
  const lines = new Map<string, number | undefined>()
  visit(typeDefs, {
    Directive: ({ name, loc }) => {
      const plain = name.value.replace(/^federation__/, '')
      if (!lines.has(plain)) lines.set(plain, loc?.startToken.line)
    },
  })
  return UNSUPPORTED_DIRECTIVES.filter((name) => lines.has(name)).map((name) => ({
    subgraphs: [service.name],
    code: 'UNSUPPORTED',
    message: `@${name} cannot be planned by this gateway. Pass the value as an argument or by @requires.`,
    ...lineOf(lines.get(name)),
  }))
}

function describeSyntaxError(error: unknown): { message: string; line?: number } {
  if (!(error instanceof GraphQLError)) return { message: String(error) }
  const location = error.locations?.[0]
  if (location === undefined) return { message: error.message }
  return { message: `${location.line}:${location.column} ${error.message}`, line: location.line }
}

function toProblem(error: GraphQLError, models: readonly SubgraphModel[]): CompositionProblem {
  const code = error.extensions['code']
  const names = models.map(({ name }) => name)
  const bracketed = /^\[([^\]]+)\]/.exec(error.message)?.[1]
  const quoted = names.filter((name) => error.message.includes(`"${name}"`))
  const subgraphs = bracketed !== undefined && names.includes(bracketed) ? [bracketed] : quoted
  const first = models.find(({ name }) => name === subgraphs[0])
  const line = first === undefined ? undefined : findLine(first, error.message)
  return {
    subgraphs,
    code: typeof code === 'string' ? code : 'INVALID_GRAPHQL',
    message: error.message,
    ...lineOf(line),
  }
}

/** Of the first field that the message names and the subgraph has, else of the first type. */
function findLine({ types }: SubgraphModel, message: string): number | undefined {
  for (const coordinate of coordinates(message)) {
    const [typeName = '', fieldName = ''] = coordinate.split('.')
    const field = types.get(typeName)?.fields.get(fieldName)
    if (field !== undefined) return field.line
  }
  const quoted = message.match(/"[_A-Za-z]\w*/g) ?? []
  return quoted.flatMap((name) => types.get(name.slice(1))?.line ?? [])[0]
}

function lineOf(line: number | undefined): { line?: number } {
  return line === undefined ? {} : { line }
}
