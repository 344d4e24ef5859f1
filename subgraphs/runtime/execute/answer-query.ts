// Answers queries on the compiled way, and keeps what it has compiled. Whatever it cannot answer (documents that are wrong, operations that
// are no queries, variables that do not fit) it leaves to graphql-js, before anything has been read.
import type { GraphQLSchema } from 'graphql'
import { limits } from '../../../platform/limits.ts'
import { createLruCache } from '../../../platform/lru-cache.ts'
import type { SubgraphRequest, SubgraphResponse } from '../../../platform/ports/subgraph-endpoint.ts'
import type { ErrorFormatter } from '../format-error.ts'
import type { RequestContext } from '../request-context.ts'
import { compileQuery, type QueryResult, type RunQuery } from './compile-query.ts'

type Asked = Pick<SubgraphRequest, 'query' | 'variables' | 'operationName'>

/** Null: not for this way. Never rejects. */
export type AnswerQuery = (request: Asked, context: RequestContext) => Promise<SubgraphResponse> | null

export function createQueryAnswerer(schema: GraphQLSchema, formatError: ErrorFormatter): AnswerQuery {
  const compiled = createLruCache<{ readonly run: RunQuery | null }>({
    entriesMax: limits.subgraphQueriesKeptMax,
    weightMax: limits.subgraphQueryCharactersKeptMax,
  })
  const runOf = (query: string, operationName: string | undefined): RunQuery | null => {
    const key = operationName === undefined ? query : `${operationName}\n${query}`
    const known = compiled.get(key)
    if (known !== undefined) return known.run
    const run = compileQuery(schema, query, operationName)
    compiled.set(key, { run }, key.length)
    return run
  }
  const respond = ({ data, errors }: QueryResult): SubgraphResponse => {
    if (errors.length === 0) return { data }
    return { data, errors: errors.map((error) => formatError(error.toJSON(), error)) }
  }
  return ({ query, variables = {}, operationName }, context) => {
    const running = runOf(query, operationName)?.(variables, context) ?? null
    return running === null ? null : running.then(respond)
  }
}
