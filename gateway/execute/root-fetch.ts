// A compiled fetch of root fields: its data becomes the response's, its errors get the client's paths.
import { clientKey } from '../plan/internal-key.ts'
import type { RootFetch } from '../plan/planner.ts'
import { callSubgraph, compileVariables, type ReadResponse } from './call-subgraph.ts'
import type { Execution, Step } from './execution.ts'
import type { ConcreteTypes } from './path-walker.ts'
import { copyData, mergeData, type DataObject } from './plain-object.ts'
import { compileRewrites, renamePath } from './rewrite.ts'
import { reportSubgraphError, reportSubgraphFailure } from './subgraph-errors.ts'
import { rootResponseKeys } from './root-response-keys.ts'

export interface CompileContext {
  readonly types: ConcreteTypes
  /** Client's variable by its name in the plan. */
  readonly variableNames: ReadonlyMap<string, string>
}

export function compileRootFetch(fetch: RootFetch, context: CompileContext): Step {
  const variables = compileVariables(fetch.variables, context.variableNames)
  const absorb = compileRootResponse(fetch, context)
  const failurePaths = rootPaths(fetch)
  return async (execution) => {
    try {
      absorb(execution, await callSubgraph(execution, fetch.service, fetch.operation, variables(execution.variables)))
    } catch (error) {
      execution.request.signal?.throwIfAborted()
      reportSubgraphFailure(execution, fetch.service, error, failurePaths)
    }
  }
}

/** Takes a response of the fetch (or an event of its subscription) into the execution. */
export function compileRootResponse(
  fetch: RootFetch,
  context: CompileContext,
): (execution: Execution, response: ReadResponse) => void {
  const rewrite = compileRewrites(fetch.outputRewrites, context.types)
  const failurePaths = rootPaths(fetch)
  return (execution, response) => {
    for (const error of response.errors) {
      const path = readPath(error)
      const paths = path === null ? failurePaths : [renamePath(path, fetch.outputRewrites).map(toClientKey)]
      reportSubgraphError(execution, fetch.service, error, paths)
    }
    if (response.data === null) return void execution.coveredPaths.push(...failurePaths)
    if (rewrite === null) return mergeData(execution.data, response.data)
    const data = copyData(response.data) as DataObject
    rewrite(data)
    mergeData(execution.data, data)
  }
}

function rootPaths(fetch: RootFetch): string[][] {
  return rootResponseKeys(fetch.operation)
    .map((key) => String(renamePath([key], fetch.outputRewrites)[0]))
    .map((key) => [clientKey(key)])
}

export function readPath(error: unknown): (string | number)[] | null {
  const path: unknown = typeof error === 'object' && error !== null ? (error as { path?: unknown }).path : undefined
  if (!Array.isArray(path) || path.length === 0) return null
  return path.every((key) => typeof key === 'string' || typeof key === 'number') ? path : null
}

export function toClientKey(key: string | number): string | number {
  return typeof key === 'string' ? clientKey(key) : key
}
