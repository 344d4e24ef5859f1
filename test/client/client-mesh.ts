// A real gateway over a real subgraph, behind a proxy that breaks connections, and clients of every kind that are to notice nothing.
import { createClient, type ClientOptions } from 'graphql-ws'
import pino from 'pino'
import { WebSocket } from 'ws'
import { resumeOverEventStream, type EventStreamOptions } from '../../client/resume-over-event-stream.ts'
import { resumeOverSocket, type SocketOptions } from '../../client/resume-over-socket.ts'
import type { SubscriptionClient } from '../../client/subscription-client.ts'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'
import { startGateway, type Gateway, type GatewayOptions } from '../../gateway/main.ts'
import { Proxy } from '../gateway/proxy.ts'
import { Telemetry } from '../subgraphs/telemetry.ts'

export class ClientMesh {
  readonly telemetry: Telemetry
  readonly proxy: Proxy
  #gateway: Gateway
  readonly #serve: () => Promise<Gateway>
  readonly #closing: (() => unknown)[] = []

  private constructor(telemetry: Telemetry, gateway: Gateway, proxy: Proxy, serve: () => Promise<Gateway>) {
    this.telemetry = telemetry
    this.#gateway = gateway
    this.proxy = proxy
    this.#serve = serve
  }

  static async open(options: Partial<GatewayOptions> = {}): Promise<ClientMesh> {
    const telemetry = await Telemetry.open()
    const start = (): Promise<Gateway> => serve(telemetry, options)
    const gateway = await start()
    return new ClientMesh(telemetry, gateway, await Proxy.open(gateway.port), start)
  }

  /** Of the proxy. */
  get url(): string {
    return `http://127.0.0.1:${this.proxy.port}/graphql`
  }

  /** Breaks every connection; who comes back finds the gateway. */
  cut(): void {
    this.proxy.cut()
    this.proxy.target = this.#gateway.port
  }

  /** Ends the gateway as a new version would, and starts another. */
  async restartGateway(): Promise<void> {
    const before = this.#gateway
    this.#gateway = await this.#serve()
    this.proxy.target = this.#gateway.port
    await before.close()
  }

  overSocket(options: SocketOptions = {}, socketOptions: Partial<ClientOptions> = {}): SubscriptionClient {
    const client = createClient({
      url: this.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...socketOptions,
    })
    this.#closing.push(() => client.dispose())
    return resumeOverSocket(client, { retryDelayMs: () => 1, ...options })
  }

  overEventStream(options: Partial<EventStreamOptions> = {}): SubscriptionClient {
    return resumeOverEventStream({ url: this.url, retryDelayMs: () => 1, ...options })
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close()
    await this.proxy.close()
    await this.#gateway.close()
    await this.telemetry.close()
  }
}

function serve(telemetry: Telemetry, options: Partial<GatewayOptions>): Promise<Gateway> {
  const { name, sdl, endpoint } = telemetry.subgraph
  const composed = composeSupergraph([{ name, sdl, url: 'http://127.0.0.1:9/graphql' }])
  if (composed.kind === 'failed') throw new Error(JSON.stringify(composed.problems))
  const mesh = { supergraphSdl: composed.supergraphSdl, endpoints: [endpoint] }
  return startGateway({ mesh, port: 0, logger: pino({ level: 'silent' }), ...options })
}
