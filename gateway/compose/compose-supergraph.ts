// Composes subgraph SDLs into a supergraph. Problems are values: one line per problem, each naming its subgraphs.
import { composeServices } from '@theguild/federation-composition'
import { GraphQLError, parse, visit, type DocumentNode } from 'graphql'

export interface SubgraphDefinition {
  readonly name: string
  /** Where it answers; not needed in-process. */
  readonly url?: string
  readonly sdl: string
}

export interface CompositionProblem {
  /** The subgraphs it concerns; empty where the library does not tell. */
  readonly subgraphs: readonly string[]
  /** The composition library's code, SYNTAX_ERROR or UNSUPPORTED. */
  readonly code: string
  readonly message: string
}

export type Composition =
  | { readonly kind: 'composed'; readonly supergraphSdl: string }
  | { readonly kind: 'failed'; readonly problems: readonly CompositionProblem[] }

/** Directives that compose but that the planner would silently ignore. */
const UNSUPPORTED_DIRECTIVES = ['fromContext']

export function composeSupergraph(services: readonly SubgraphDefinition[]): Composition {
  const problems: CompositionProblem[] = []
  const parsed: { name: string; url: string; typeDefs: DocumentNode }[] = []
  for (const service of services) {
    try {
      const typeDefs = parse(service.sdl, { noLocation: false })
      parsed.push({ name: service.name, url: service.url ?? '', typeDefs })
      problems.push(...unsupported(service, typeDefs))
    } catch (error) {
      problems.push({ subgraphs: [service.name], code: 'SYNTAX_ERROR', message: describeSyntaxError(error) })
    }
  }
  if (problems.length > 0) return { kind: 'failed', problems }
  const result = composeServices(parsed)
  if (result.errors !== undefined) {
    const names = services.map((service) => service.name)
    return { kind: 'failed', problems: result.errors.map((error) => toProblem(error, names)) }
  }
  return { kind: 'composed', supergraphSdl: result.supergraphSdl }
}

/** One line per problem, as a terminal shows them. */
export function formatProblems(problems: readonly CompositionProblem[]): string {
  return problems
    .map((problem) => {
      const where = problem.subgraphs.length === 0 ? 'supergraph' : `subgraph ${problem.subgraphs.join(', ')}`
      return `${where}: ${problem.message} (${problem.code})`
    })
    .join('\n')
}

/** Uses of it: what a subgraph that runs answers as its SDL also defines it. */
function unsupported(service: SubgraphDefinition, typeDefs: DocumentNode): CompositionProblem[] {
  const used = new Set<string>()
  visit(typeDefs, { Directive: ({ name }) => void used.add(name.value.replace(/^federation__/, '')) })
  return UNSUPPORTED_DIRECTIVES.filter((name) => used.has(name)).map((name) => ({
    subgraphs: [service.name],
    code: 'UNSUPPORTED',
    message: `@${name} cannot be planned by this gateway. Pass the value as an argument or by @requires.`,
  }))
}

function describeSyntaxError(error: unknown): string {
  if (!(error instanceof GraphQLError)) return String(error)
  const location = error.locations?.[0]
  return location === undefined ? error.message : `${location.line}:${location.column} ${error.message}`
}

function toProblem(error: GraphQLError, names: readonly string[]): CompositionProblem {
  const code = error.extensions['code']
  const bracketed = /^\[([^\]]+)\]/.exec(error.message)?.[1]
  const quoted = names.filter((name) => error.message.includes(`"${name}"`))
  const subgraphs = bracketed !== undefined && names.includes(bracketed) ? [bracketed] : quoted
  return { subgraphs, code: typeof code === 'string' ? code : 'INVALID_GRAPHQL', message: error.message }
}
