// One request to a subgraph and the reading of its answer, which is not trusted to have any shape.
import { MeshgateError } from '../../platform/errors.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import type { Execution } from './execution.ts'
import { isObject, type DataObject } from './plain-object.ts'

export interface ReadResponse {
  /** Null where the subgraph has no data, only errors. */
  readonly data: DataObject | null
  readonly errors: readonly unknown[]
}

/** Rejects as SubgraphEndpoint.execute does, and with SUBGRAPH_PROTOCOL where the answer is no GraphQL response. */
export async function callSubgraph(
  execution: Execution,
  service: string,
  query: string,
  variables: DataObject,
): Promise<ReadResponse> {
  const endpoint = execution.endpoints.get(service)
  if (endpoint === undefined) {
    throw new MeshgateError('SUBGRAPH_UNAVAILABLE', `No endpoint is configured for subgraph "${service}".`)
  }
  const { principal, signal, headers } = execution.request
  signal?.throwIfAborted()
  const response = await endpoint.execute({
    query,
    variables,
    principal,
    ...(signal === undefined ? {} : { signal }),
    ...(headers === undefined ? {} : { headers }),
  })
  return readResponse(response, service)
}

export function readResponse(response: SubgraphResponse, service: string): ReadResponse {
  const { data, errors }: { data?: unknown; errors?: unknown } = isObject(response) ? response : {}
  const reported = Array.isArray(errors) ? errors : []
  if (isObject(data)) return { data, errors: reported }
  if ((data === null || data === undefined) && reported.length > 0) return { data: null, errors: reported }
  throw new MeshgateError('SUBGRAPH_PROTOCOL', `Subgraph "${service}" answered with neither data nor errors.`)
}

/** The client's variables that a fetch uses, under the names that the plan gave them. */
export function compileVariables(
  used: readonly string[],
  variableNames: ReadonlyMap<string, string>,
): (variables: Readonly<Record<string, unknown>>) => DataObject {
  const pairs = used.map((internal) => [internal, variableNames.get(internal) ?? internal] as const)
  return (variables) => {
    const selected: DataObject = {}
    for (const [internal, client] of pairs) {
      if (Object.hasOwn(variables, client)) selected[internal] = variables[client]
    }
    return selected
  }
}
