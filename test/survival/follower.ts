// One client of `meshgate/client`, over a socket or an event stream, which comes to another gateway each time: what it is told, and when.
import { createClient, type Client } from 'graphql-ws'
import { WebSocket } from 'ws'
import {
  resumeOverEventStream,
  resumeOverSocket,
  type StreamEvent,
  type SubscriptionClient,
} from '../../client/index.ts'
import type { Item } from './survival-product.ts'

const QUERY = 'subscription ($shelf: ID) { item: itemChanged(shelf: $shelf) { id shelf rank } }'
const KEEP_ALIVE_MS = 5_000

export interface FollowerOptions {
  /** GraphQL addresses, http. */
  readonly gateways: readonly string[]
  readonly way: 'socket' | 'event stream'
  /** Null: of all shelves. */
  readonly shelf: string | null
  /** Begins with the rows that are there, and so it does where events cannot be had. */
  readonly snapshot: boolean
}

/** `item` null: gone, or no longer on the shelf. */
export interface Told {
  readonly key: string
  readonly item: Item | null
  readonly isRow: boolean
  readonly atMs: number
}

type ItemEvent = StreamEvent<{ readonly item: Item | null }>

export class Follower {
  readonly options: FollowerOptions
  /** Behind the last gap. */
  readonly told: Told[] = []
  /** Rows by key as the events say. */
  readonly folded = new Map<string, Item>()
  /** What ended it, or was wrong with an event. */
  readonly failures: string[] = []
  interruptions = 0
  gaps = 0
  /** What each stream was opened at. */
  readonly visited = new Set<string>()
  readonly #gateways: readonly string[]
  readonly #unsubscribe: (() => void) & { readonly cursor: string | undefined }
  #socket: Client | null = null
  #request: AbortController | null = null
  #turn: number

  constructor(options: FollowerOptions, number: number) {
    this.options = options
    this.#gateways = options.gateways
    this.#turn = number
    const { shelf, snapshot } = options
    this.#unsubscribe = this.#client().subscribe<{ readonly item: Item | null }>(
      { query: QUERY, variables: { shelf }, extensions: snapshot ? { snapshot: true } : {} },
      {
        next: (event) => this.#take(event),
        error: (error) => this.failures.push(`ended: ${JSON.stringify(error)} ${String(error)}`),
        complete: () => this.failures.push('completed'),
      },
      { onInterruption: () => this.interruptions++ },
    )
  }

  /** Whether it stands somewhere: from there on it is told everything. */
  get hasBegun(): boolean {
    return this.#unsubscribe.cursor !== undefined
  }

  get cursor(): string | undefined {
    return this.#unsubscribe.cursor
  }

  /** Its connection breaks. */
  cut(): void {
    this.#socket?.terminate()
    this.#request?.abort(new Error('cut'))
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    await this.#socket?.dispose()
  }

  #client(): SubscriptionClient {
    if (this.options.way === 'socket') {
      const url = (): string => this.#nextGateway().replace('http', 'ws')
      this.#socket = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, keepAlive: KEEP_ALIVE_MS })
      return resumeOverSocket(this.#socket)
    }
    const send: typeof fetch = (_, init = {}) => {
      const request = new AbortController()
      this.#request = request
      const signal = init.signal ? AbortSignal.any([init.signal, request.signal]) : request.signal
      return fetch(this.#nextGateway(), { ...init, signal })
    }
    return resumeOverEventStream({ url: 'http://given.by.fetch/', fetch: send })
  }

  #nextGateway(): string {
    const url = this.#gateways[this.#turn++ % this.#gateways.length] ?? ''
    this.visited.add(url)
    return url
  }

  #take({ data, errors, extensions = {} }: ItemEvent): void {
    if (errors !== undefined) this.failures.push(`an event with errors: ${JSON.stringify(errors)}`)
    if (extensions.restarted === true) {
      this.gaps += 1
      this.told.length = 0
      this.folded.clear()
    }
    const { key } = extensions
    if (extensions.snapshotComplete === true || key === undefined) return
    const item = data?.item ?? null
    this.told.push({ key, item, isRow: extensions.snapshot === true, atMs: performance.now() })
    if (item === null) this.folded.delete(key)
    else this.folded.set(key, item)
  }
}
