// A gateway whose only subgraph answers queries as it can and streams what a test feeds it.
import type { SubgraphEndpoint, SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import type { Engine } from '../../gateway/engine-contract.ts'
import type { GatewayObserver } from '../../gateway/gateway-observer.ts'
import { startGatewayServer, type GatewayServer, type GatewayServerOptions } from '../../gateway/http/gateway-server.ts'
import { EventQueue } from '../../gateway/subscribe/event-queue.ts'
import { createMesh, localEndpoint, type TestSubgraph } from '../federation/merged-mesh.ts'

const STREAMS: TestSubgraph = {
  name: 'streams',
  sdl: `type Query { now: Int  long(text: String, times: Int): String }
    type Mutation { add(amount: Int!): Int }
    type Subscription { tick(of: String): Tick }
    type Tick { count: Int!  text: String }`,
  resolvers: {
    Query: {
      now: () => 7,
      long: (_: unknown, { text = 'x', times = 5_000 }: { text?: string; times?: number }) => text.repeat(times),
    },
    Mutation: { add: (_: unknown, { amount }: { amount: number }) => amount + 1 },
  },
}

export interface Streams {
  readonly server: GatewayServer
  readonly engine: Engine
  readonly url: string
  /** What the gateway has asked for, streams and single answers alike. */
  readonly requests: SubgraphRequest[]
  /** Streams that nobody has ended. */
  open(): number
  /** An event; with a cursor, as our own subgraphs have one. */
  emit(count: number, options?: { cursor?: string; text?: string; errors?: SubgraphResponse['errors'] }): void
  complete(): void
  fail(error: Error): void
  close(): Promise<void>
}

export async function startStreams(
  options: Partial<GatewayServerOptions> = {},
  observer: GatewayObserver = {},
): Promise<Streams> {
  const requests: SubgraphRequest[] = []
  const streams = new Set<EventQueue<SubgraphResponse>>()
  const local = localEndpoint(STREAMS)
  const endpoint: SubgraphEndpoint = {
    ...local,
    execute: (request) => {
      requests.push(request)
      return local.execute(request)
    },
    subscribe: async (request) => {
      requests.push(request)
      const stream: EventQueue<SubgraphResponse> = new EventQueue<SubgraphResponse>({
        eventsMax: 100_000,
        cursor: undefined,
        onOverflow: () => new Error('full'),
        onReturn: () => streams.delete(stream),
      })
      streams.add(stream)
      const { cursor } = (request.extensions?.['meshgate'] ?? {}) as { readonly cursor?: string }
      // As our own subgraphs do; as another's where nothing is resumed.
      const started = { data: null, extensions: { meshgate: { cursor, started: true } } }
      if (cursor !== undefined) stream.push({ event: started, cursor })
      return stream
    },
  }
  const endAll = (end: (stream: EventQueue<SubgraphResponse>) => void): void => {
    streams.forEach(end)
    streams.clear()
  }
  const engine = createMesh([STREAMS], { endpoints: [endpoint], observer })
  const server = await startGatewayServer({
    port: 0,
    host: '127.0.0.1',
    engine: () => engine,
    ready: () => ({ ready: true, reasons: [] }),
    routes: [],
    page: async () => false,
    onError: (message, error) => {
      throw new Error(message, { cause: error })
    },
    ...options,
  })
  return {
    server,
    engine,
    url: `${server.url}/graphql`,
    requests,
    open: () => streams.size,
    emit: (count, { cursor, text, errors } = {}) => {
      const data = { tick: { count, ...(text === undefined ? {} : { text }) } }
      const extensions = cursor === undefined ? {} : { extensions: { meshgate: { key: 'k', cursor } } }
      const event = { data, ...extensions, ...(errors === undefined ? {} : { errors }) }
      for (const stream of streams) stream.push({ event, cursor: undefined })
    },
    complete: () => endAll((stream) => stream.complete()),
    fail: (error) => endAll((stream) => stream.fail(() => error)),
    close: async () => {
      const closing = server.close()
      await engine.close('The gateway is stopping.')
      await closing
    },
  }
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}
