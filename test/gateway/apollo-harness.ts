// An Apollo Server on a port of its own with Meshgate as its gateway, over the shop mesh.
import { ApolloServer, type ApolloServerOptionsWithGateway, type BaseContext } from '@apollo/server'
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled'
import { startStandaloneServer, type StandaloneServerContextFunctionArgument } from '@apollo/server/standalone'
import { afterEach } from 'vitest'
import { MeshgateGateway, type MeshgateGatewayOptions } from '../../gateway/apollo/meshgate-gateway.ts'
import type { SubgraphRequest } from '../../platform/ports/subgraph-endpoint.ts'
import { composeMesh, localEndpoint, type Intercept } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

export function closeAfterTest(close: () => Promise<unknown>): void {
  closing.push(close)
}

export const SHOP_SUPERGRAPH = composeMesh(SHOP)

export interface Seen {
  readonly subgraph: string
  readonly headers: SubgraphRequest['headers']
  readonly subject: string
}

/** What subgraphs were asked by whom. */
export function recordRequests(): { readonly seen: Seen[]; readonly intercept: Intercept } {
  const seen: Seen[] = []
  return {
    seen,
    intercept: (subgraph, { headers, principal }) => {
      seen.push({ subgraph, headers, subject: principal.subject })
    },
  }
}

export function shopGateway<TContext extends BaseContext>(
  options: Partial<MeshgateGatewayOptions<TContext>> = {},
  intercept?: Intercept,
): MeshgateGateway<TContext> {
  const endpoints = SHOP.map((subgraph) => localEndpoint(subgraph, intercept))
  return new MeshgateGateway<TContext>({ supergraphSdl: SHOP_SUPERGRAPH, endpoints, ...options })
}

export type ServerOptions<TContext extends BaseContext> = ApolloServerOptionsWithGateway<TContext>

export interface Asked {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: unknown
}

export interface Running {
  readonly server: ApolloServer<never>
  readonly url: string
  readonly post: (body: unknown, init?: RequestInit) => Promise<Asked>
  readonly get: (search: Record<string, string>, init?: RequestInit) => Promise<Asked>
}

/** Standalone, on any free port; stopped after the test. */
export async function startApollo<TContext extends BaseContext>(
  options: ServerOptions<TContext>,
  context: (argument: StandaloneServerContextFunctionArgument) => Promise<TContext> = () =>
    Promise.resolve({} as TContext),
): Promise<Running> {
  const { plugins = [] } = options
  const server = new ApolloServer<TContext>({
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    ...options,
    plugins: [...plugins, ApolloServerPluginLandingPageDisabled()],
  })
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' }, context })
  closeAfterTest(() => server.stop())
  const ask = async (at: string, init: RequestInit): Promise<Asked> => {
    const response = await fetch(at, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as unknown }
  }
  return {
    server: server as never,
    url,
    post: (body, { headers, ...init } = {}) =>
      ask(url, {
        method: 'POST',
        body: JSON.stringify(body),
        ...init,
        headers: { 'content-type': 'application/json', ...(headers as Record<string, string> | undefined) },
      }),
    get: (search, init = {}) => ask(`${url}?${new URLSearchParams(search).toString()}`, init),
  }
}
