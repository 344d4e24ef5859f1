// What the gateway tells whoever measures it. Plain callbacks, called synchronously: they must be quick and must not throw.
import { GraphQLError } from 'graphql'
import type { FailureCode } from '../platform/errors.ts'
import type { Principal } from '../platform/governance/principal.ts'
import type { EngineRequest, EngineResult, OperationKind, ReadyOperation, ResultStream } from './engine-contract.ts'
import type { OperationWatch, RequestOrigin } from './observe/operation-watch.ts'

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

/** A request that was refused before an operation was read from it, or an operation on a WebSocket: by its form, its client, or a limit. */
export interface RefusedRequest {
  readonly via: 'http' | 'websocket'
  /** Of HTTP; what it would have been there. */
  readonly status: number
  readonly code: FailureCode
  readonly principal: Principal
  readonly address: string
  readonly method: string | undefined
  readonly origin: RequestOrigin | undefined
}

export interface GatewayObserver {
  /** An operation has come. Absent: nobody follows what happens within. */
  operation?(request: EngineRequest): ObservedOperation
  request?(request: AnsweredRequest): void
  refused?(request: RefusedRequest): void
  /** The number of open WebSockets has changed. */
  sockets?(open: number): void
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
