// Owns the driver and replaces it when all its nodes were away at once. The driver (4.10) comes back from that with two objects for one
// node: requests by key go on asking the old one, which may be down while the other is up, and closing leaves it connecting for ever.
// So it is thrown away whole, and a new one is made as soon as a node answers.
import { Client, policies, type Host } from 'cassandra-driver'
import type { Logger } from 'pino'
import { invariant, MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import { findTlsProblem, type Greeting, type ServerAddress, type TlsUse } from '../../tls-problem.ts'
import { storeError } from './cassandra-error.ts'
import { DataCenterPolicy } from './data-center-policy.ts'

export interface ConnectionOptions {
  /** `host` or `host:port`. */
  readonly contactPoints: readonly string[]
  /** Unset: that of the first contact point reached. */
  readonly dataCenter?: string | undefined
  readonly credentials?: { readonly username: string; readonly password: string } | undefined
  readonly tls?: boolean | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export class DriverConnection {
  /** The contact points, for messages. */
  readonly cluster: string
  readonly #options: ConnectionOptions
  readonly #logger: Logger
  readonly #closing = new AbortController()
  #dataCenter: string | undefined
  #driver: Client | null = null
  #replacing: Promise<void> = Promise.resolve()

  constructor(options: ConnectionOptions) {
    this.cluster = options.contactPoints.join(', ')
    this.#options = options
    this.#logger = options.logger.child({ component: 'cassandra' })
    this.#dataCenter = options.dataCenter
  }

  /** STORE_UNAVAILABLE where no contact point answers in time, CONFIG_INVALID where none can be understood for want of TLS, or because of it. */
  async open(): Promise<void> {
    const policy = new DataCenterPolicy(this.#dataCenter)
    const driver = createDriver(this.#options, policy)
    this.#log(driver)
    const connecting = driver.connect()
    try {
      await inTime(connecting, { clock: this.#options.clock, waitMs: limits.storeOpenWaitMs, cluster: this.cluster })
    } catch (error) {
      // One that hangs may still connect when nobody waits for it any more.
      connecting.then(
        () => driver.shutdown(),
        () => undefined,
      )
      throw (await this.#tlsProblem(error)) ?? storeError(error, 'read', this.cluster)
    }
    this.#dataCenter = policy.dataCenter
    if (this.#closing.signal.aborted) await driver.shutdown()
    else this.#use(driver)
  }

  async #tlsProblem(failure: unknown): Promise<MeshgateError | null> {
    const addresses = this.#options.contactPoints.map(addressOf)
    const unreached = storeError(failure, 'read', this.cluster)
    if (!(unreached instanceof MeshgateError && unreached.code === 'STORE_UNAVAILABLE')) return null
    return await findTlsProblem(failure, addresses, { ...TLS_USE, tls: this.#options.tls === true })
  }

  /** The driver, to be asked for anew for each request. STORE_UNAVAILABLE while no node answers. */
  get driver(): Client {
    if (this.#driver !== null) return this.#driver
    if (this.#closing.signal.aborted) throw new MeshgateError('STORE_CLOSED', 'The store has been closed.')
    const message = `Cassandra at ${this.cluster} cannot be reached: check that it runs; it is tried again by itself.`
    throw new MeshgateError('STORE_UNAVAILABLE', message)
  }

  get dataCenter(): string {
    invariant(this.#dataCenter !== undefined, 'the data centre is known once the connection is open')
    return this.#dataCenter
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const driver = this.#driver
    this.#driver = null
    await driver?.shutdown()
    await this.#replacing
  }

  #use(driver: Client): void {
    this.#driver = driver
    const hosts = new Set<Host>(driver.hosts.values())
    driver.on('hostAdd', (host: Host) => hosts.add(host))
    const replace = (): void => {
      if (this.#driver !== driver) return
      this.#driver = null
      // What a user is told of an outage is for whoever watches the server.
      this.#logger.debug(`No node of Cassandra at ${this.cluster} can be reached: trying again until one can.`)
      this.#replacing = this.#replace(driver, hosts)
    }
    driver.on('hostDown', () => {
      if (driver.hosts.values().every((host) => !host.isUp())) replace()
    })
    // A node that left is removed; one that was replaced by a second object is removed and there.
    driver.on('hostRemove', (host: Host) => {
      if (driver.hosts.get(host.address) !== undefined) replace()
    })
  }

  async #replace(old: Client, hosts: ReadonlySet<Host>): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#closing
    let delayMs: number = limits.storeReconnectMsMin
    // The old one is amid its own attempt to come back: what it makes there must be closed too.
    await clock.sleep(delayMs, signal).catch(() => undefined)
    await shutdown(old, hosts)
    while (!signal.aborted) {
      try {
        await this.open()
        if (!signal.aborted) this.#logger.debug(`Cassandra at ${this.cluster} answers again.`)
        return
      } catch (error) {
        this.#logger.debug({ err: error }, 'Cassandra still does not answer')
        await clock.sleep(delayMs, signal).catch(() => undefined)
        delayMs = Math.min(delayMs * 2, limits.storeReconnectMsMax)
      }
    }
  }

  #log(driver: Client): void {
    driver.on('log', (level: string, from: string, message: string) => {
      // The driver's errors and warnings are of single connections, which it mends by itself.
      if (level === 'error' || level === 'warning') this.#logger.debug({ from }, message)
      else if (level === 'info') this.#logger.trace({ from }, message)
    })
    driver.on('hostDown', (host: Host) => this.#logger.warn(`Cassandra node ${host.address} is down.`))
    driver.on('hostUp', (host: Host) => this.#logger.info(`Cassandra node ${host.address} is up.`))
  }
}

/** OPTIONS of the native protocol, version 4: version, flags, stream int16, opcode 5, length int32. Asked before signing in. */
const GREETING: Greeting = {
  question: Uint8Array.of(4, 0, 0, 0, 5, 0, 0, 0, 0),
  // A response of any version, to be SUPPORTED (6) or an error (0).
  isAnswer: (bytes) => (bytes[0] ?? 0) > 0x80 && (bytes[0] ?? 0) < 0x90 && (bytes[4] === 6 || bytes[4] === 0),
}
const TLS_USE: Omit<TlsUse, 'tls'> = { name: 'Cassandra', setting: 'MESHGATE_CASSANDRA_TLS', greeting: GREETING }
const PORT_DEFAULT = 9_042

/** `host`, `host:port`, and an IPv6 address in brackets. */
function addressOf(contactPoint: string): ServerAddress {
  const [, bracketed, host, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(contactPoint) ?? []
  return { host: bracketed ?? host ?? contactPoint, port: Number(port ?? PORT_DEFAULT) }
}

/** Rejects with STORE_UNAVAILABLE where the answer does not come in time. */
export async function inTime(
  answer: Promise<unknown>,
  { clock, waitMs, cluster }: { readonly clock: Clock; readonly waitMs: number; readonly cluster: string },
): Promise<void> {
  const waiting = new AbortController()
  const late = clock.sleep(waitMs, waiting.signal).then(() => {
    const message = `Cassandra at ${cluster} did not answer within ${waitMs} ms: check that it runs and can be reached; retry.`
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

/** Closes every node object there ever was: the driver closes only those that it still knows. */
async function shutdown(driver: Client, hosts: ReadonlySet<Host>): Promise<void> {
  await driver.shutdown().catch(() => undefined)
  for (const host of hosts) {
    // Not in the driver's types.
    if ('shutdown' in host && typeof host.shutdown === 'function') {
      await Promise.resolve(host.shutdown(false)).catch(() => undefined)
    }
  }
}

function createDriver(options: ConnectionOptions, policy: DataCenterPolicy): Client {
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
      // The driver counts nodes that are down, and so waits its whole time after each change while one is (schemaAgreement does not).
      maxSchemaAgreementWaitSeconds: 0,
      ...(port === undefined ? {} : { port: Number(port) }),
    },
    socketOptions: { connectTimeout: limits.storeConnectWaitMs, readTimeout: limits.storeRequestWaitMs },
    pooling: { heartBeatInterval: limits.storeHeartbeatMs },
    encoding: { useBigIntAsLong: true, useUndefinedAsUnset: true },
    maxPrepared: limits.storeStatementsMax,
  })
}
