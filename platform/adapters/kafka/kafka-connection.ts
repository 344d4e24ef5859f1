// The way to a Kafka cluster: its metadata, and channels that others open for their traffic. Recovers by itself; nothing here knows what
// is appended or consumed.
import type { Logger } from 'pino'
import type Connection from 'kafkajs/src/network/connection.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import { BrokerConnection } from './broker-connection.ts'
import type { BrokerAddress, BrokerConnectionOptions, SaslOptions } from './broker-connection.ts'
import { ClusterMetadata } from './cluster-metadata.ts'
import { KafkaChannel } from './kafka-channel.ts'
import type { CallOptions } from './kafka-channel.ts'
import { isTransient, withRetries } from './kafka-errors.ts'
import { asDecoded } from './kafka-messages.ts'
import { findTlsProblem, type Greeting, type TlsUse } from '../../tls-problem.ts'

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
  readonly #bootstrap: readonly BrokerAddress[]
  readonly #brokerOptions: BrokerConnectionOptions
  readonly #channels = new Set<KafkaChannel>()
  #closed = false

  private constructor(options: KafkaConnectionOptions) {
    this.clock = options.clock
    this.logger = options.logger
    this.#brokerOptions = { logger: options.logger, clientId: options.clientId, tls: options.tls, sasl: options.sasl }
    this.#bootstrap = options.brokers.map(parseAddress)
    this.metadata = new ClusterMetadata({
      bootstrap: this.#bootstrap,
      connection: this.#brokerOptions,
      clock: options.clock,
      logger: options.logger,
    })
  }

  /**
   * LOG_UNAVAILABLE within about 10 s where no broker answers, LOG_ACCESS_DENIED where they refuse our user, CONFIG_INVALID where they
   * cannot be understood for want of TLS, or because of it.
   */
  static async open(options: KafkaConnectionOptions): Promise<KafkaConnection> {
    const connection = new KafkaConnection(options)
    try {
      await connection.#reach(limits.kafkaOpenTimeoutMs, async () => {
        await connection.metadata.refresh().catch(async (error: unknown) => {
          throw (await connection.#problem(error)) ?? error
        })
      })
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

  /** LOG_UNAVAILABLE where the attempt does not succeed within a few seconds. */
  async ping(attempt: () => Promise<void>): Promise<void> {
    await this.#reach(limits.kafkaPingTimeoutMs, attempt)
  }

  close(): void {
    this.#closed = true
    for (const channel of this.#channels) channel.close()
    this.metadata.close()
  }

  /** What no waiting mends, where brokers are there and do not answer. */
  async #problem(failure: unknown): Promise<MeshgateError | null> {
    if (!isTransient(failure) || isRefusedConnection(failure)) return null
    const { tls, sasl } = this.#brokerOptions
    const problem = await findTlsProblem(failure, this.#bootstrap, { ...TLS_USE, tls })
    if (problem !== null || sasl !== null) return problem
    for (const address of this.#bootstrap) {
      if (await this.#asksForUser(address)) return userMissing(address, failure)
    }
    return null
  }

  /** A broker that wants a user closes the connection of whoever asks something else first, and says no word. */
  async #asksForUser(address: BrokerAddress): Promise<boolean> {
    const connection = new BrokerConnection(address, this.#brokerOptions)
    try {
      const { errorCode } = await connection.sendMessage<{ readonly errorCode: number }>(SASL_HANDSHAKE)
      return errorCode !== ILLEGAL_SASL_STATE
    } catch {
      return false
    } finally {
      connection.close()
    }
  }

  async #reach<Answer>(timeoutMs: number, attempt: () => Promise<Answer>): Promise<void> {
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
      await Promise.race([withRetries(retries, attempt), late])
    } finally {
      given.abort()
    }
  }
}

/** Nobody listens there. */
function isRefusedConnection(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}

const CORRELATION_ID = 7
/** ApiVersions, version 0: size int32, key int16, version int16, correlation id int32, client id (null) int16. Asked before signing in. */
const GREETING: Greeting = {
  question: Uint8Array.of(0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, CORRELATION_ID, 255, 255),
  isAnswer: (bytes) => bytes.readInt32BE(4) === CORRELATION_ID,
}
const TLS_USE: Omit<TlsUse, 'tls'> = { name: 'Kafka', setting: 'MESHGATE_KAFKA_TLS', greeting: GREETING }

/** What a broker answers that wants no user. */
const ILLEGAL_SASL_STATE = 34
/** Version 1: mechanism string; error code int16 and the mechanisms that are enabled. */
const SASL_HANDSHAKE: Connection.Message = {
  request: {
    apiKey: 17,
    apiVersion: 1,
    apiName: 'SaslHandshake',
    encode: async () => new Encoder().writeString('PLAIN'),
  },
  response: { decode: async (payload) => ({ errorCode: payload.readInt16BE(0) }), parse: asDecoded },
}

function userMissing({ host, port }: BrokerAddress, cause: unknown): MeshgateError {
  const message = `Kafka at ${host}:${String(port)} asks for a user. Set MESHGATE_KAFKA_USERNAME and MESHGATE_KAFKA_PASSWORD.`
  return new MeshgateError('LOG_ACCESS_DENIED', message, cause)
}

function parseAddress(address: string): BrokerAddress {
  const [, host, port] = /^(?:\[(?=.*\]))?([^[\]]+)\]?:(\d{1,5})$/.exec(address) ?? []
  if (host === undefined || port === undefined) {
    throw new MeshgateError('CONFIG_INVALID', `"${address}" is no address of a Kafka broker. Write host:port.`)
  }
  return { host, port: Number(port) }
}
