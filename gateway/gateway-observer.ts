// What the gateway tells whoever measures it. Plain callbacks, called synchronously: they must be quick and must not throw.
import { GraphQLError } from 'graphql'
import type { EngineRequest, EngineResult, OperationKind, ReadyOperation, ResultStream } from './engine-contract.ts'
import type { OperationWatch } from './observe/operation-watch.ts'

export interface AnsweredRequest {
  /** `refused`: nothing ran (syntax, validation, variables). */
  readonly kind: OperationKind | 'refused'
  /** Of a subscription: until it was established or refused. */
  readonly durationMs: number
  /** Codes of the errors in the answer. */
  readonly codes: readonly string[]
}

/** Follows one operation: what happens within, and its end. */
export interface ObservedOperation extends OperationWatch {
  prepared(operation: ReadyOperation): void
  /** Once. Of a subscription: established, or refused. `left`: the client did not wait. */
  ended(outcome: 'ok' | 'partial' | 'refused' | 'left', codes: readonly string[]): void
  /** The stream as its client is to have it. */
  streams(stream: ResultStream): ResultStream
}

export interface GatewayObserver {
  /** An operation has come. Absent: nobody follows what happens within. */
  operation?(request: EngineRequest): ObservedOperation
  request?(request: AnsweredRequest): void
  /** The number of clients' subscriptions that run has changed. */
  subscriptions?(active: number): void
  /** The number of streams from subgraphs that feed them has changed. */
  upstreams?(active: number): void
  /** A stream from the subgraph was lost, and is opened again where it was. */
  upstreamLost?(subgraph: string): void
  /** So many clients are handed one event. */
  events?(clients: number): void
  /** A client was told the latest of its key in place of so many before it. */
  conflated?(events: number): void
  /** A client's stream was ended by the gateway, with this code. */
  streamEnded?(code: string): void
}

/** What the gateway knows of a subgraph that it reaches over the network. */
export interface SubgraphReachability {
  readonly name: string
  readonly reachable: boolean
  /** Why not. */
  readonly reason?: string
  /** Requests to it are refused at once, until it answers a probe again. */
  readonly circuit?: 'open'
}

/** What an observer is told of the error that ends a stream. */
export function codeOf(error: unknown): string {
  const code = error instanceof GraphQLError ? error.extensions['code'] : undefined
  return typeof code === 'string' ? code : 'INTERNAL'
}

/** What an observer is told of the errors in an answer. */
export function errorCodes({ errors = [] }: Pick<EngineResult, 'errors'>): readonly string[] {
  return errors.map(({ extensions }) => {
    const code = extensions?.['code']
    return typeof code === 'string' ? code : 'UNKNOWN'
  })
}
