// A subscriber of one product through the subgraph runtime: it notes every event, and after every kill, disconnect or error it comes back
// with the cursor of the last event that it took. Whatever was on its way to it then is lost, as on a broken line.
import { setTimeout as sleep } from 'node:timers/promises'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import type {
  SubgraphEndpoint,
  SubgraphResponse,
  SubscriptionExtension,
} from '../../platform/ports/subgraph-endpoint.ts'
import { cellText, type Row, type Value } from '../../schema/row.ts'
import type { FaultProduct } from './fault-products.ts'

/** With `execute`, what was told is looked up as well. */
export type Subscribable = Pick<SubgraphEndpoint, 'subscribe'> & Partial<Pick<SubgraphEndpoint, 'execute'>>

export interface ObservedEvent {
  readonly key: string
  /** Null: the entity is gone. */
  readonly row: Row | null
}

/** Where the observer finds the product's subgraph now; rejects, or waits, while it is away. */
export type Connect = (product: FaultProduct) => Promise<Subscribable>

const RETRY_MS = 5
const LOOKED_UP_ONE_IN = 4

/** What an observer asks for. Where records may lack required columns an entity may lack them too, which is an error of the event. */
export function toldColumns({ columns, partial, required, version }: FaultProduct): readonly string[] {
  const always = ['serial', version?.field]
  return ['id', ...Object.keys(columns).filter((name) => !partial || always.includes(name) || !required.includes(name))]
}

/** Sequences by value, times by their text. */
function orderOf(version: Value | undefined): number {
  const text = cellText(version)
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text)
}

export class Observer {
  readonly product: FaultProduct
  readonly events: ObservedEvent[] = []
  /** Errors that no coming back mends: SUBSCRIPTION_GAP, INTERNAL, a refusal. */
  readonly failures: string[] = []
  /** Looked up right behind an event, and not found: the number of that event. A later one must say that the entity is gone. */
  readonly notFound: number[] = []
  /** Looked up right behind an event, and older than it. */
  readonly stale: string[] = []
  /** How often it came back. */
  resumed = 0
  readonly #connect: Connect
  readonly #query: string
  readonly #running: Promise<void>
  readonly #started = Promise.withResolvers<void>()
  #cursor: string | null = null
  #stream: AsyncIterableIterator<SubgraphResponse> | null = null
  #closed = false

  constructor(product: FaultProduct, connect: Connect) {
    this.product = product
    this.#connect = connect
    const columns = toldColumns(product).map((column) => (column === 'lines' ? 'lines { productId quantity }' : column))
    this.#query = `subscription { ${product.name}Changed { ${columns.join(' ')} } }`
    this.#running = this.#run()
  }

  /** Resolves once every change from then on will be told. */
  started(): Promise<void> {
    return this.#started.promise
  }

  get cursor(): string | null {
    return this.#cursor
  }

  /** Breaks the line: what is on its way is lost, and the observer comes back. */
  async drop(): Promise<void> {
    const stream = this.#stream
    this.#stream = null
    await stream?.return?.()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.drop()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.failures.length === 0) {
      await this.#follow().catch(() => undefined)
      if (this.#closed) break
      this.resumed++
      await sleep(RETRY_MS)
    }
    this.#started.resolve()
  }

  async #follow(): Promise<void> {
    const endpoint = await this.#connect(this.product)
    if (this.#closed) return
    const meshgate = this.#cursor === null ? { started: true } : { cursor: this.#cursor }
    const stream = await endpoint.subscribe({
      query: this.#query,
      principal: ANONYMOUS,
      extensions: { meshgate },
    })
    this.#stream = stream
    if (this.#closed) await stream.return?.()
    for (;;) {
      const { value, done } = await stream.next()
      if (done === true || this.#stream !== stream) return
      if (!this.#take(value)) return
      await this.#lookUp(endpoint)
    }
  }

  /** Whoever has seen a change can query its effect. Told versions are comparable where ingest merges by them. */
  async #lookUp({ execute }: Subscribable): Promise<void> {
    const { name, version, merged } = this.product
    const event = this.events.at(-1)
    if (execute === undefined || version === null || !merged || event === undefined || event.row === null) return
    if (this.events.length % LOOKED_UP_ONE_IN !== 0) return
    const query = `query ($id: ID!) { ${name}(id: $id) { id ${version.field} } }`
    const { data, errors } = await execute({ query, variables: { id: event.key }, principal: ANONYMOUS })
    if (errors !== undefined) return
    const row = (data?.[name] ?? null) as Row | null
    const told = event.row[version.field]
    if (row === null) this.notFound.push(this.events.length - 1)
    else if (told !== undefined && orderOf(row[version.field]) < orderOf(told))
      this.stale.push(`${event.key} was told ${cellText(told)} and found ${cellText(row[version.field])}`)
  }

  /** Whether the stream goes on. */
  #take({ data, errors, extensions }: SubgraphResponse): boolean {
    const meshgate = extensions?.['meshgate'] as SubscriptionExtension | undefined
    if (errors !== undefined) {
      const code = String(errors[0]?.extensions?.['code'])
      if (code !== 'SUBSCRIPTION_LOST' && code !== 'SUBSCRIPTION_OVERFLOW' && !code.startsWith('STORE_'))
        this.failures.push(`${code}: ${errors[0]?.message ?? ''}`)
      // An event that could not be told comes again: its cursor is not taken.
      else if (meshgate !== undefined && meshgate.key === undefined) this.#cursor = meshgate.cursor
      return false
    }
    if (meshgate === undefined) {
      this.failures.push('an event without a cursor')
      return false
    }
    this.#cursor = meshgate.cursor
    if (meshgate.started === true) this.#started.resolve()
    else {
      // GraphQL's objects have no prototype.
      const row = (data?.[`${this.product.name}Changed`] ?? null) as Row | null
      this.events.push({ key: meshgate.key ?? '', row: row === null ? null : structuredClone(row) })
    }
    return true
  }
}
