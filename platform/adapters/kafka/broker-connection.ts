// One connection to one broker: connects once, signs in, sends messages. It does not heal: after any failure of the network or a time
// limit it is closed, and its owner opens another. It closes off habits of kafkajs's connection: see the comments.
import { connect as connectPlain, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Logger } from 'pino'
import Connection from 'kafkajs/src/network/connection.js'
import { KafkaJSConnectionError } from 'kafkajs/src/errors.js'
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js'
import { mendRequestQueue } from '../../kafkajs-request-queue.ts'
import { limits } from '../../limits.ts'
import { encodeMessage } from './kafka-messages.ts'
import type { KafkaMessageName, KafkaMessages } from './kafka-messages.ts'

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

export interface BrokerConnectionOptions {
  readonly logger: Logger
  readonly clientId: string
  readonly tls: boolean
  readonly sasl: SaslOptions | null
}

const KEEP_ALIVE_DELAY_MS = 10_000

mendRequestQueue()

export class BrokerConnection {
  readonly address: BrokerAddress
  readonly #connection: Connection
  #socket: Socket | null = null
  #versions: Connection.Versions | null = null
  #ready: Promise<void> | null = null
  #closed = false

  constructor(address: BrokerAddress, options: BrokerConnectionOptions) {
    this.address = address
    this.#connection = new Connection({
      ...address,
      clientId: options.clientId,
      logger: kafkajsLogger(options.logger),
      connectionTimeout: limits.kafkaConnectTimeoutMs,
      requestTimeout: limits.kafkaRequestTimeoutMs,
      ssl: options.tls ? {} : null,
      // kafkajs keeps the state of the sign-in in this object: each connection gets its own.
      sasl: options.sasl === null ? null : { ...options.sasl },
      socketFactory: ({ host, port, ssl, onConnect }) => {
        const socket =
          ssl === null
            ? connectPlain({ host, port }, onConnect)
            : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) }, onConnect)
        socket.setNoDelay(true)
        socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS)
        this.#socket = socket
        return socket
      },
    })
  }

  /** Also where the broker closed it. */
  get closed(): boolean {
    return this.#closed || this.#socket?.destroyed === true
  }

  /** Whether the broker takes that version of a message. */
  async takes(name: KafkaMessageName, version: number): Promise<boolean> {
    await this.ready()
    const { minVersion = 0, maxVersion = -1 } = this.#versions?.[apiKeys[name] ?? -1] ?? {}
    return minVersion <= version && version <= maxVersion
  }

  /** The answer as decoded: errors that a broker tells are in it, and do not reject. */
  async send<Name extends KafkaMessageName>(
    name: Name,
    parameters: KafkaMessages[Name]['parameters'],
  ): Promise<KafkaMessages[Name]['answer']> {
    await this.ready()
    return await this.#exchange<KafkaMessages[Name]['answer']>(encodeMessage(name, parameters, this.#versions))
  }

  /** Sends a message that kafkajs does not make. */
  async sendMessage<Answer>(message: Connection.Message): Promise<Answer> {
    await this.ready()
    return await this.#exchange<Answer>(message)
  }

  /** Resolves once messages can be sent: connected and signed in. */
  ready(): Promise<void> {
    if (this.#closed) return Promise.reject(closedConnection(this.address))
    return (this.#ready ??= this.#connect())
  }

  /** Requests in hand reject. */
  close(reason: Error = closedConnection(this.address)): void {
    if (this.#closed) return
    this.#closed = true
    // With an error: kafkajs rejects its requests on `error` and `end`, but does not listen to `close`.
    this.#socket?.destroy(reason)
  }

  async #connect(): Promise<void> {
    try {
      // kafkajs has no time limit for signing in.
      const timer = setTimeout(() => this.close(timedOut(this.address)), 2 * limits.kafkaConnectTimeoutMs)
      try {
        await this.#connection.connect()
        const { apiVersions } = await this.#exchange<KafkaMessages['ApiVersions']['answer']>(
          encodeMessage('ApiVersions', {}, null),
        )
        this.#versions = Object.fromEntries(apiVersions.map((each) => [each.apiKey, each]))
        this.#connection.setVersions(this.#versions)
        this.#connection.setSupportAuthenticationProtocol(
          this.#versions[apiKeys['SaslAuthenticate'] ?? -1] !== undefined,
        )
        await this.#connection.authenticate()
      } finally {
        clearTimeout(timer)
      }
    } catch (error) {
      this.close()
      throw error
    }
  }

  async #exchange<Answer>(message: Connection.Message): Promise<Answer> {
    try {
      return (await this.#connection.send({ ...message, logResponseError: false })) as Answer
    } catch (error) {
      // Also after a time limit: the answers of a connection come in order, so what waits behind would wait as well.
      this.close()
      throw error
    }
  }
}

/** Failures reach our callers as errors; what kafkajs says of them besides is for debugging. */
function kafkajsLogger(logger: Logger): Connection.Logger {
  const adapter: Connection.Logger = {
    namespace: () => adapter,
    setLogLevel: () => undefined,
    debug: (message, extra) => {
      if (logger.isLevelEnabled('trace'))
        logger.trace({ broker: extra?.['broker'], size: extra?.['size'] }, `kafkajs: ${message}`)
    },
    info: (message) => logger.debug(`kafkajs: ${message}`),
    warn: (message) => logger.debug(`kafkajs: ${message}`),
    error: (message) => logger.debug(`kafkajs: ${message}`),
  }
  return adapter
}

function closedConnection({ host, port }: BrokerAddress): Error {
  return new KafkaJSConnectionError(`the connection to ${host}:${String(port)} was closed`)
}

function timedOut({ host, port }: BrokerAddress): Error {
  return new KafkaJSConnectionError(`${host}:${String(port)} did not answer in time`)
}
