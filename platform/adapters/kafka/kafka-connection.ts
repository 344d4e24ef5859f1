// The way to a Kafka cluster: its metadata, and channels that others open for their traffic. Recovers by itself; nothing here knows what
// is appended or consumed.
import type { Logger } from 'pino'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { BrokerAddress, BrokerConnectionOptions, SaslOptions } from './broker-connection.ts'
import { ClusterMetadata } from './cluster-metadata.ts'
import { KafkaChannel } from './kafka-channel.ts'
import type { CallOptions } from './kafka-channel.ts'
import { withRetries } from './kafka-errors.ts'

export interface KafkaConnectionOptions {
  /** `host:port`; one suffices to find the others. */
  readonly brokers: readonly string[]
  readonly clock: Clock
  readonly logger: Logger
  readonly clientId: string
  readonly tls: boolean
  readonly sasl: SaslOptions | null
}

export class KafkaConnection {
  readonly clock: Clock
  readonly logger: Logger
  readonly metadata: ClusterMetadata
  readonly #brokerOptions: BrokerConnectionOptions
  readonly #channels = new Set<KafkaChannel>()
  #closed = false

  private constructor(options: KafkaConnectionOptions) {
    this.clock = options.clock
    this.logger = options.logger
    this.#brokerOptions = { logger: options.logger, clientId: options.clientId, tls: options.tls, sasl: options.sasl }
    const bootstrap = options.brokers.map(parseAddress)
    this.metadata = new ClusterMetadata({
      bootstrap,
      connection: this.#brokerOptions,
      clock: options.clock,
      logger: options.logger,
    })
  }

  /** LOG_UNAVAILABLE within about 10 s where no broker answers, LOG_ACCESS_DENIED where they refuse our user. */
  static async open(options: KafkaConnectionOptions): Promise<KafkaConnection> {
    const connection = new KafkaConnection(options)
    try {
      await connection.#reach(limits.kafkaOpenTimeoutMs)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** For traffic of one purpose; closed by whoever opened it, at the latest with the connection. */
  openChannel(): KafkaChannel {
    if (this.#closed) throw new MeshgateError('LOG_CLOSED', 'The log has been closed.')
    const { clock, metadata } = this
    const connection = this.#brokerOptions
    const channel = new KafkaChannel({
      metadata,
      connection,
      clock,
      onClose: (closed) => this.#channels.delete(closed),
    })
    this.#channels.add(channel)
    return channel
  }

  /** LOG_TOPIC_UNKNOWN, LOG_UNAVAILABLE. */
  async partitionCount(topic: string, options: CallOptions = {}): Promise<number> {
    const { timeoutMs = limits.kafkaCallTimeoutMs, signal } = options
    const retries = {
      clock: this.clock,
      doing: `find ${topic}`,
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    }
    return await withRetries(retries, async () => (await this.metadata.topic(topic)).leaders.length)
  }

  /** LOG_UNAVAILABLE where no broker answers within a few seconds. */
  async ping(): Promise<void> {
    await this.#reach(limits.kafkaPingTimeoutMs)
  }

  close(): void {
    this.#closed = true
    for (const channel of this.#channels) channel.close()
    this.metadata.close()
  }

  async #reach(timeoutMs: number): Promise<void> {
    const retries = { clock: this.clock, doing: 'reach a broker', timeoutMs }
    const given = new AbortController()
    const late = this.clock.sleep(timeoutMs, given.signal).then(() => {
      throw new MeshgateError(
        'LOG_UNAVAILABLE',
        `Kafka: no broker answered within ${String(timeoutMs)} ms. See whether they run.`,
      )
    })
    late.catch(() => undefined)
    try {
      await Promise.race([withRetries(retries, () => this.metadata.refresh()), late])
    } finally {
      given.abort()
    }
  }
}

function parseAddress(address: string): BrokerAddress {
  const [, host, port] = /^(?:\[(?=.*\]))?([^[\]]+)\]?:(\d{1,5})$/.exec(address) ?? []
  if (host === undefined || port === undefined) {
    throw new MeshgateError('CONFIG_INVALID', `"${address}" is no address of a Kafka broker. Write host:port.`)
  }
  return { host, port: Number(port) }
}
