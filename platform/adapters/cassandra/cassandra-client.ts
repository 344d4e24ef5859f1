// The connection to a cluster: prepared, idempotent, token-aware requests at the store's consistency, bounded in flight and in time.
// Repeating any request of the store changes nothing, so the driver may try another node when one fails. Rejects with the port's errors.
import { types, type Host, type QueryOptions } from 'cassandra-driver'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import { AdaptiveGate, type GatePlace } from './adaptive-gate.ts'
import { type Asked, isCongestion, isReadRefusal, isRefusal, storeError } from './cassandra-error.ts'
import { type ConnectionOptions, DriverConnection, inTime } from './driver-connection.ts'
import { sendBatch, type Statement } from './write-batch.ts'

const { consistencies } = types

export type Consistency = 'ONE' | 'LOCAL_ONE' | 'QUORUM' | 'LOCAL_QUORUM' | 'EACH_QUORUM' | 'ALL'

const CONSISTENCIES: Readonly<Record<Consistency, { readonly write: number; readonly read: number }>> = {
  ONE: { write: consistencies.one, read: consistencies.one },
  LOCAL_ONE: { write: consistencies.localOne, read: consistencies.localOne },
  QUORUM: { write: consistencies.quorum, read: consistencies.quorum },
  LOCAL_QUORUM: { write: consistencies.localQuorum, read: consistencies.localQuorum },
  // Cassandra has no such read; a quorum of the own data centre meets what a quorum of every one took.
  EACH_QUORUM: { write: consistencies.eachQuorum, read: consistencies.localQuorum },
  ALL: { write: consistencies.all, read: consistencies.all },
}

export interface ClientOptions extends ConnectionOptions {
  /** Of reads and writes; default LOCAL_QUORUM. */
  readonly consistency?: Consistency | undefined
}

export interface WriteRequest {
  /** As `replicaOf` names it. */
  readonly node: string
  readonly statements: readonly Statement[]
  /** Of the partition whose replicas are asked first, where it is known. */
  readonly routingKey?: Buffer
}

export interface SelectOptions {
  /** Rows per page of the driver; the answer has the first page and the state to go on. Unset: the whole result. */
  readonly fetchSize?: number
  readonly pageState?: string
  /** Of the partition whose replicas are asked first, where the statement does not show it. */
  readonly routingKey?: Buffer
}

export class CassandraClient {
  /** The contact points, for messages. */
  readonly cluster: string
  readonly #connection: DriverConnection
  readonly #clock: Clock
  readonly #consistency: { readonly write: number; readonly read: number }
  readonly #reads = new AdaptiveGate({
    start: limits.storeReadWindowStart,
    min: limits.storeReadWindowMin,
    max: limits.storeReadWindowMax,
    latencyMsMax: limits.storeReadLatencyMsMax,
    roundMs: limits.storeWindowRoundMs,
    waitingMax: limits.storeRequestsWaitingMax,
    nowMs: () => this.#clock.monotonic(),
  })
  readonly #closing = new AbortController()
  /** Of each node, by its address. */
  readonly #writes = new Map<string, AdaptiveGate>()

  constructor(options: ClientOptions) {
    this.#connection = new DriverConnection(options)
    this.cluster = this.#connection.cluster
    this.#clock = options.clock
    this.#consistency = CONSISTENCIES[options.consistency ?? 'LOCAL_QUORUM']
  }

  get dataCenter(): string {
    return this.#connection.dataCenter
  }

  /** The nodes of the data centre that are up. */
  get hosts(): readonly Host[] {
    const hosts = this.#connection.driver.hosts.values()
    return hosts.filter((host) => host.isUp() && host.datacenter === this.dataCenter)
  }

  /** How many nodes the data centre has, those that are down included. */
  get nodeCount(): number {
    return this.#connection.driver.hosts.values().filter(({ datacenter }) => datacenter === this.dataCenter).length
  }

  /** STORE_UNAVAILABLE where no contact point answers in time; may be called again. */
  connect(): Promise<void> {
    return this.#connection.open()
  }

  /** Rows at the store's consistency, when there is room for one more read. */
  async select(query: string, params: readonly unknown[], options: SelectOptions = {}): Promise<types.ResultSet> {
    return this.selectInTurn(query, params, { ...options, place: await this.readTurn(1) })
  }

  /** A place for a read of so many rows by their keys: `selectInTurn` takes it, and gives it back. */
  readTurn(rows: number): GatePlace | Promise<GatePlace> {
    return this.#reads.enter(rows)
  }

  /** What the nodes did not get through in time is asked once more, with less beside it. */
  async selectInTurn(
    query: string,
    params: readonly unknown[],
    { place, fetchSize, pageState, routingKey }: SelectOptions & { readonly place: GatePlace },
  ): Promise<types.ResultSet> {
    const options: QueryOptions = {
      prepare: true,
      isIdempotent: true,
      consistency: this.#consistency.read,
      fetchSize: fetchSize ?? limits.storeFetchRows,
      ...(pageState === undefined ? {} : { pageState }),
      ...(routingKey === undefined ? {} : { routingKey }),
    }
    for (let [attempt, taken] = [1, place]; ; attempt += 1) {
      try {
        const found = await this.#connection.driver.execute(query, params, options)
        this.#reads.leave(taken, 'answered')
        return found
      } catch (error) {
        this.#reads.leave(taken, isCongestion(error) || isReadRefusal(error) ? 'congested' : 'answered')
        if (!isReadRefusal(error) || attempt === limits.storeReadAttemptsMax)
          throw storeError(error, 'read', this.cluster)
      }
      taken = await this.#reads.enter(place.weight)
    }
  }

  /** Where a partition lies in the order of a scan. `partitionKey`: as Cassandra has it, a composite one framed. */
  tokenOf(partitionKey: Buffer): bigint {
    return BigInt(String(this.#connection.driver.metadata.newToken(partitionKey).getValue()))
  }

  /** Whether one node has everything. STORE_UNAVAILABLE while no node answers. */
  get isAlone(): boolean {
    return this.#connection.driver.hosts.length === 1
  }

  /** The node of our data centre that has a partition first: partitions of one node are asked for together without a detour. */
  replicaOf(keyspace: string, partitionKey: Buffer): string {
    const { driver } = this.#connection
    if (this.isAlone) return ''
    // None where the driver has not heard of the keyspace yet: any node then asks the others.
    const replicas = driver.getReplicas(keyspace, partitionKey) as readonly Host[] | null
    return replicas?.find(({ datacenter }) => datacenter === this.dataCenter)?.address ?? ''
  }

  /** A place for a write of so many statements at the node: `write` takes it, and gives it back. */
  writeTurn(node: string, statements: number): GatePlace | Promise<GatePlace> {
    return this.#gateOf(node).enter(statements)
  }

  /** Sends statements as one request, in the place that `writeTurn` gave. What the node refused as too much it is sent again, later. */
  async write({ node, statements, routingKey }: WriteRequest, place: GatePlace): Promise<void> {
    const gate = this.#gateOf(node)
    const options: QueryOptions = {
      prepare: true,
      isIdempotent: true,
      consistency: this.#consistency.write,
      ...(routingKey === undefined ? {} : { routingKey }),
    }
    let delayMs: number = limits.storeWriteRetryDelayMs
    for (let [attempt, taken] = [1, place]; ; attempt += 1) {
      try {
        await this.#sendWrite(statements, options)
        gate.leave(taken, 'answered')
        return
      } catch (error) {
        gate.leave(taken, isCongestion(error) ? 'congested' : 'answered')
        if (!isRefusal(error) || attempt === limits.storeWriteAttemptsMax)
          throw storeError(error, 'write', this.cluster)
      }
      await this.#clock.sleep(delayMs, this.#closing.signal)
      delayMs *= 2
      taken = await gate.enter(statements.length)
    }
  }

  async #sendWrite(statements: readonly Statement[], options: QueryOptions): Promise<void> {
    const { driver } = this.#connection
    const [first] = statements
    if (statements.length === 1 && first !== undefined) await driver.execute(first.query, first.params, options)
    else await sendBatch(driver, statements, options)
  }

  #gateOf(node: string): AdaptiveGate {
    let gate = this.#writes.get(node)
    if (gate === undefined) {
      gate = new AdaptiveGate({
        start: limits.storeWriteWindowStart,
        min: limits.storeWriteWindowMin,
        max: limits.storeWriteWindowMax,
        latencyMsMax: limits.storeWriteLatencyMsMax,
        roundMs: limits.storeWindowRoundMs,
        waitingMax: limits.storeRequestsWaitingMax,
        nowMs: () => this.#clock.monotonic(),
      })
      this.#writes.set(node, gate)
    }
    return gate
  }

  /** A lightweight transaction or a read of what such wrote: serial over all data centres. Never tried twice by itself. */
  async serial(query: string, params: readonly unknown[]): Promise<types.ResultSet> {
    const reads = query.startsWith('SELECT')
    return this.#mapped(reads ? 'read' : 'write', () =>
      this.#connection.driver.execute(query, params, {
        prepare: true,
        isIdempotent: reads,
        consistency: reads ? consistencies.serial : consistencies.quorum,
        serialConsistency: consistencies.serial,
        readTimeout: limits.storeSchemaWaitMs,
      }),
    )
  }

  /** Changes the schema. Nodes agree on it later: `schemaAgreed` tells whether they do. */
  async define(statement: string): Promise<void> {
    await this.#mapped('schema', () =>
      this.#connection.driver.execute(statement, [], { readTimeout: limits.storeSchemaWaitMs, isIdempotent: false }),
    )
  }

  /** A query of a node's own tables, on one node where it is given. */
  async local(query: string, params: readonly unknown[] = [], host?: Host): Promise<types.ResultSet> {
    return this.#mapped('read', () =>
      this.#connection.driver.execute(query, params, {
        prepare: true,
        isIdempotent: true,
        consistency: consistencies.localOne,
        readTimeout: limits.storePingWaitMs,
        ...(host === undefined ? {} : { host }),
      }),
    )
  }

  /**
   * Whether every node that is up has the same schema. Each is asked for its own, since what it has heard of others may be old: of a change
   * that another has just made it knows nothing, and finds all agreed. Nodes of other data centres are taken from hearsay.
   */
  async schemaAgreed(): Promise<boolean> {
    const { hosts } = this
    const asked = new Set(hosts.map(({ address }) => hostOf(address)))
    const up = this.#connection.driver.hosts.values().filter((host) => host.isUp())
    const others = new Set(up.map(({ address }) => hostOf(address)).filter((address) => !asked.has(address)))
    try {
      const heard = await this.local('SELECT rpc_address, schema_version FROM system.peers', [], hosts[0])
      const own = await Promise.all(
        hosts.map((host) => this.local('SELECT schema_version FROM system.local', [], host)),
      )
      const rows = [
        ...own.flatMap((each) => each.rows),
        ...heard.rows.filter((row) => others.has(String(row['rpc_address']))),
      ]
      return new Set(rows.map((row) => String(row['schema_version']))).size === 1
    } catch (error) {
      // A node that has just gone: the next look leaves it out.
      if (error instanceof MeshgateError && error.retryable) return false
      throw error
    }
  }

  /** Resolves when the query can be answered at the store's consistency; beside the gates, since many requests are no failure. */
  async ping(query: string): Promise<void> {
    const probe = this.#mapped('read', () =>
      this.#connection.driver.execute(query, [], {
        prepare: true,
        isIdempotent: true,
        consistency: this.#consistency.read,
        readTimeout: limits.storePingWaitMs,
      }),
    )
    await inTime(probe, { clock: this.#clock, waitMs: limits.storePingWaitMs, cluster: this.cluster })
  }

  async close(): Promise<void> {
    this.#closing.abort(new MeshgateError('STORE_CLOSED', 'The store has been closed.'))
    await this.#connection.close()
  }

  async #mapped<T>(asked: Asked, request: () => Promise<T>): Promise<T> {
    try {
      return await request()
    } catch (error) {
      throw storeError(error, asked, this.cluster)
    }
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'))
}
