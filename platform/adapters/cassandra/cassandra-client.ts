// The connection to a cluster: prepared, idempotent, token-aware requests at the store's consistency, bounded in flight and in time.
// Repeating any request of the store changes nothing, so the driver may try another node when one fails. Rejects with the port's errors.
import { Client, policies, types, type Host, type QueryOptions } from 'cassandra-driver'
import type { Logger } from 'pino'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import { type Asked, storeError } from './cassandra-error.ts'
import { DataCenterPolicy } from './data-center-policy.ts'
import { RequestGate } from './request-gate.ts'

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

export interface ClientOptions {
  /** `host` or `host:port`. */
  readonly contactPoints: readonly string[]
  /** Unset: that of the first contact point reached. */
  readonly dataCenter?: string | undefined
  readonly credentials?: { readonly username: string; readonly password: string } | undefined
  readonly tls?: boolean | undefined
  readonly consistency?: Consistency | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** A prepared statement's text and its values as toCql makes them. */
export interface Statement {
  readonly query: string
  readonly params: readonly unknown[]
}

export interface SelectOptions {
  /** Rows per page of the driver; the answer has the first page and the state to go on. Unset: the whole result. */
  readonly fetchSize?: number
  readonly pageState?: string
}

export class CassandraClient {
  /** The contact points, for messages. */
  readonly cluster: string
  readonly #client: Client
  readonly #policy: DataCenterPolicy
  readonly #consistency: { readonly write: number; readonly read: number }
  readonly #reads = new RequestGate({
    inFlightMax: limits.storeReadsInFlightMax,
    waitingMax: limits.storeRequestsWaitingMax,
  })
  readonly #writes = new RequestGate({
    inFlightMax: limits.storeWritesInFlightMax,
    waitingMax: limits.storeRequestsWaitingMax,
  })

  constructor(options: ClientOptions) {
    this.cluster = options.contactPoints.join(', ')
    this.#policy = new DataCenterPolicy(options.dataCenter)
    this.#consistency = CONSISTENCIES[options.consistency ?? 'LOCAL_QUORUM']
    this.#client = createDriver(options, this.#policy)
    const log = options.logger.child({ component: 'cassandra' })
    this.#client.on('log', (level: string, from: string, message: string) => {
      // The driver's errors and warnings are of single connections, which it mends by itself.
      if (level === 'error' || level === 'warning') log.debug({ from }, message)
    })
    this.#client.on('hostDown', (host: Host) => log.warn(`Cassandra node ${host.address} is down.`))
    this.#client.on('hostUp', (host: Host) => log.info(`Cassandra node ${host.address} is up.`))
  }

  get dataCenter(): string {
    return this.#policy.dataCenter
  }

  /** The nodes of the data centre that are up. */
  get hosts(): readonly Host[] {
    return this.#client.hosts.values().filter((host) => host.isUp() && host.datacenter === this.dataCenter)
  }

  /** STORE_UNAVAILABLE where no contact point answers in time. A client that failed is closed and of no more use. */
  async connect(clock: Clock): Promise<void> {
    try {
      await this.#inTime(clock, limits.storeOpenWaitMs, this.#client.connect())
    } catch (error) {
      // Not waited for: it may hang as the connection did.
      this.#client.shutdown().catch(() => undefined)
      throw storeError(error, 'read', this.cluster)
    }
  }

  /** Rows at the store's consistency, when there is room for one more read. */
  async select(query: string, params: readonly unknown[], options: SelectOptions = {}): Promise<types.ResultSet> {
    await this.readTurn()
    return this.selectInTurn(query, params, options)
  }

  /** Resolves when one more read may be sent: `selectInTurn` then takes the place, and gives it back. */
  readTurn(): Promise<void> | null {
    return this.#reads.enter()
  }

  async selectInTurn(query: string, params: readonly unknown[], options: SelectOptions = {}): Promise<types.ResultSet> {
    const { fetchSize, pageState } = options
    try {
      return await this.#client.execute(query, params, {
        prepare: true,
        isIdempotent: true,
        consistency: this.#consistency.read,
        fetchSize: fetchSize ?? limits.storeFetchRows,
        ...(pageState === undefined ? {} : { pageState }),
      })
    } catch (error) {
      throw storeError(error, 'read', this.cluster)
    } finally {
      this.#reads.leave()
    }
  }

  /** Where a partition lies in the order of a scan. `partitionKey`: as Cassandra has it, a composite one framed. */
  tokenOf(partitionKey: Buffer): bigint {
    return BigInt(String(this.#client.metadata.newToken(partitionKey).getValue()))
  }

  /** Resolves when one more write may be sent: `write` then takes the place, and gives it back. */
  writeTurn(): Promise<void> | null {
    return this.#writes.enter()
  }

  /** Sends statements of one partition as one write, in the place that `writeTurn` gave. */
  async write(statements: readonly Statement[]): Promise<void> {
    const options: QueryOptions = { prepare: true, isIdempotent: true, consistency: this.#consistency.write }
    try {
      const [first] = statements
      if (statements.length === 1 && first !== undefined) await this.#client.execute(first.query, first.params, options)
      else await this.#client.batch(statements as { query: string; params: unknown[] }[], { ...options, logged: false })
    } catch (error) {
      throw storeError(error, 'write', this.cluster)
    } finally {
      this.#writes.leave()
    }
  }

  /** A lightweight transaction or a read of what such wrote: serial over all data centres. Never tried twice by itself. */
  async serial(query: string, params: readonly unknown[]): Promise<types.ResultSet> {
    const reads = query.startsWith('SELECT')
    return this.#mapped(reads ? 'read' : 'write', () =>
      this.#client.execute(query, params, {
        prepare: true,
        isIdempotent: reads,
        consistency: reads ? consistencies.serial : consistencies.quorum,
        serialConsistency: consistencies.serial,
        readTimeout: limits.storeSchemaWaitMs,
      }),
    )
  }

  /** Changes the schema. The driver waits for agreement, within limits; `schemaAgreed` tells whether there is. */
  async define(statement: string): Promise<void> {
    await this.#mapped('schema', () =>
      this.#client.execute(statement, [], { readTimeout: limits.storeSchemaWaitMs, isIdempotent: false }),
    )
  }

  /** A query of a node's own tables, on one node where it is given. */
  async local(query: string, params: readonly unknown[] = [], host?: Host): Promise<types.ResultSet> {
    return this.#mapped('read', () =>
      this.#client.execute(query, params, {
        prepare: true,
        isIdempotent: true,
        consistency: consistencies.localOne,
        readTimeout: limits.storePingWaitMs,
        ...(host === undefined ? {} : { host }),
      }),
    )
  }

  /** Whether every node that is up has the same schema. */
  async schemaAgreed(): Promise<boolean> {
    const [host] = this.hosts
    const up = new Set(
      this.#client.hosts
        .values()
        .filter((host) => host.isUp())
        .map(({ address }) => address.slice(0, address.lastIndexOf(':'))),
    )
    const own = await this.local('SELECT schema_version FROM system.local', [], host)
    const peers = await this.local('SELECT rpc_address, schema_version FROM system.peers', [], host)
    const others = peers.rows.filter((row) => up.has(String(row['rpc_address'])))
    return new Set([...own.rows, ...others].map((row) => String(row['schema_version']))).size === 1
  }

  /** Resolves when the query can be answered at the store's consistency; beside the gates, since many requests are no failure. */
  async ping(query: string, clock: Clock): Promise<void> {
    const probe = this.#mapped('read', () =>
      this.#client.execute(query, [], {
        prepare: true,
        isIdempotent: true,
        consistency: this.#consistency.read,
        readTimeout: limits.storePingWaitMs,
      }),
    )
    await this.#inTime(clock, limits.storePingWaitMs, probe)
  }

  async close(): Promise<void> {
    await this.#client.shutdown()
  }

  async #inTime(clock: Clock, waitMs: number, answer: Promise<unknown>): Promise<void> {
    const waiting = new AbortController()
    const late = clock.sleep(waitMs, waiting.signal).then(() => {
      const message = `Cassandra at ${this.cluster} did not answer within ${waitMs} ms: check that it runs and can be reached; retry.`
      throw new MeshgateError('STORE_UNAVAILABLE', message)
    })
    try {
      await Promise.race([answer, late])
    } finally {
      waiting.abort()
      late.catch(() => undefined)
      answer.catch(() => undefined)
    }
  }

  async #mapped<T>(asked: Asked, request: () => Promise<T>): Promise<T> {
    try {
      return await request()
    } catch (error) {
      throw storeError(error, asked, this.cluster)
    }
  }
}

function createDriver(options: ClientOptions, policy: DataCenterPolicy): Client {
  // Nodes that the cluster tells of come without port: they listen where the first contact point does.
  const port = /:(\d+)$/.exec(options.contactPoints[0] ?? '')?.[1]
  return new Client({
    contactPoints: [...options.contactPoints],
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    ...(options.tls === true ? { sslOptions: { rejectUnauthorized: true } } : {}),
    policies: {
      loadBalancing: policy,
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(
        limits.storeReconnectMsMin,
        limits.storeReconnectMsMax,
        true,
      ),
    },
    protocolOptions: {
      maxSchemaAgreementWaitSeconds: Math.ceil(limits.storeSchemaWaitMs / 1_000),
      ...(port === undefined ? {} : { port: Number(port) }),
    },
    socketOptions: { connectTimeout: limits.storeConnectWaitMs, readTimeout: limits.storeRequestWaitMs },
    pooling: { heartBeatInterval: limits.storeHeartbeatMs },
    encoding: { useBigIntAsLong: true, useUndefinedAsUnset: true },
    maxPrepared: limits.storeStatementsMax,
  })
}
