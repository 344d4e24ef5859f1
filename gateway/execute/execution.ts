// The state of one operation under way: the data so far, its errors, and who asks.
import type { GraphQLFormattedError } from 'graphql'
import type { Principal } from '../../platform/governance/principal.ts'
import type { SubgraphEndpoint } from '../../platform/ports/subgraph-endpoint.ts'
import type { DataObject } from './plain-object.ts'

export interface RequestContext {
  readonly principal: Principal
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal
  /** Forwarded to subgraphs over HTTP. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface Execution {
  readonly endpoints: ReadonlyMap<string, SubgraphEndpoint>
  readonly request: RequestContext
  /** Coerced, by the client's names. */
  readonly variables: Readonly<Record<string, unknown>>
  /** Written to by the steps of the plan. */
  readonly data: DataObject
  /** Paths are the client's. */
  readonly errors: GraphQLFormattedError[]
  /** Places whose missing values are explained by an error that stands elsewhere. */
  readonly coveredPaths: (readonly (string | number)[])[]
  readonly exposeSubgraphErrors: boolean
  /** Told of failures whose cause clients do not see. */
  readonly onSubgraphFailure: (service: string, error: unknown) => void
}

/** One compiled node of a plan. Failures become errors of the execution; it rejects only when the client's signal aborts. */
export type Step = (execution: Execution) => Promise<void>
