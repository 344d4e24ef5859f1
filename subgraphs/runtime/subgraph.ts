// What a subgraph is to those who compose the roles, and to its own servers.
import type { ApolloServer } from '@apollo/server'
import type { GraphQLSchema } from 'graphql'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { VerifyAssertion } from '../../platform/governance/assertion-verifier.ts'
import type { Principal } from '../../platform/governance/principal.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { SubgraphEndpoint, SubgraphRequest } from '../../platform/ports/subgraph-endpoint.ts'
import type { RequestContext } from './request-context.ts'
import type { SubscriptionStart } from './run-subscription.ts'

export interface SubgraphServer {
  readonly port: number
  /** Of GraphQL, over HTTP and (as `ws:`) WebSocket. */
  readonly url: string
  /** Takes nothing new, waits for the requests in hand (bounded), closes sockets with 1001. */
  close(): Promise<void>
}

/** A subgraph to mount on a server of the caller's. */
export interface SubgraphFace {
  /** False where the request is not for it, by its path. Never rejects. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>
  /** Takes the socket over; false where it is not for it, by its path. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Closes WebSockets with 1001 and waits for the requests in hand (bounded). */
  close(): Promise<void>
}

export interface Subgraph {
  readonly name: string
  /** Federation SDL, for composition. */
  readonly sdl: string
  /** In-process. */
  readonly endpoint: SubgraphEndpoint
  /** A server of its own, with `/health/live` and `/health/ready`; port 0 takes a free one. PORT_IN_USE. */
  serve(port: number, host?: string): Promise<SubgraphServer>
  /** At these paths of a server of the caller's, who closes it before the subgraph or leaves that to `close`. */
  mount(paths: readonly string[]): SubgraphFace
  /** Ends subscriptions (SUBSCRIPTION_LOST, with their cursor) and servers, and waits for requests in hand. */
  close(): Promise<void>
}

/** What the servers of a subgraph need of it. */
export interface ServedSubgraph {
  readonly endpoint: SubgraphEndpoint
  readonly apollo: ApolloServer<RequestContext>
  readonly schema: GraphQLSchema
  createContext(principal: Principal): RequestContext
  /** Who asks over the network, by what its gateway says of it. Rejects where that is not to be believed, or cannot be told. */
  readonly verify: VerifyAssertion
  readonly clock: Clock
  subscribe(request: SubgraphRequest): Promise<SubscriptionStart>
  /** Told of what is a bug, where no request could be answered with it. */
  readonly onFailure: (error: unknown) => void
}
