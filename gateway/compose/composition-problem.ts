// What keeps subgraphs from composing, as values: which subgraphs, where, and what to do.

export interface CompositionProblem {
  /** The subgraphs it concerns; empty where the library does not tell. */
  readonly subgraphs: readonly string[]
  /** The composition library's code, one of our checks', SYNTAX_ERROR or UNSUPPORTED. */
  readonly code: string
  readonly message: string
  /** In the SDL of the first of the subgraphs, counted from 1. */
  readonly line?: number
}

/** One line per problem, as a terminal shows them: `subgraph reviews:12: … (CODE)`. */
export function formatProblems(problems: readonly CompositionProblem[]): string {
  return problems
    .map(({ subgraphs: [first, ...others], line, message, code }) => {
      const place = line === undefined ? first : `${first}:${line}`
      const where = first === undefined ? 'supergraph' : `subgraph ${[place, ...others].join(', ')}`
      return `${where}: ${message} (${code})`
    })
    .join('\n')
}
