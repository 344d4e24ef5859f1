// The parts of kafkajs 2.2.4 (pinned) that we use and that it does not type: its connection to a broker and its messages.
// What is used and why: docs/decisions/kafka-through-its-protocol-layer.md.

declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net'

  class Connection {
    constructor(options: Connection.Options)
    connect(): Promise<boolean>
    disconnect(): Promise<boolean>
    isConnected(): boolean
    authenticate(): Promise<void>
    setVersions(versions: Connection.Versions): void
    setSupportAuthenticationProtocol(isSupported: boolean): void
    send(message: Connection.Message): Promise<unknown>
  }

  namespace Connection {
    type Versions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>

    interface Message {
      readonly request: unknown
      readonly response: { decode(payload: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> }
      readonly requestTimeout?: number
      readonly logResponseError?: boolean
    }

    interface Logger {
      namespace(): Logger
      setLogLevel(): void
      debug(message: string, extra?: Readonly<Record<string, unknown>>): void
      info(message: string, extra?: Readonly<Record<string, unknown>>): void
      warn(message: string, extra?: Readonly<Record<string, unknown>>): void
      error(message: string, extra?: Readonly<Record<string, unknown>>): void
    }

    interface SocketOptions {
      readonly host: string
      readonly port: number
      readonly ssl: object | null
      readonly onConnect: () => void
    }

    interface Options {
      readonly host: string
      readonly port: number
      readonly clientId: string
      readonly logger: Logger
      readonly socketFactory: (options: SocketOptions) => Socket
      readonly connectionTimeout: number
      readonly requestTimeout: number
      readonly ssl: object | null
      readonly sasl: object | null
    }
  }

  export = Connection
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  class RequestQueue {
    readonly pending: readonly unknown[]
    readonly throttledUntil: number
    throttleCheckTimeoutId: NodeJS.Timeout | null
    checkPendingRequests(): void
    scheduleCheckPendingRequests(): void
  }
  export default RequestQueue
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  import type Connection from 'kafkajs/src/network/connection.js'

  interface Definition {
    readonly versions: readonly string[]
    protocol(options: { readonly version: number }): (parameters: object) => Connection.Message
  }
  export const requests: Readonly<Record<string, Definition>>
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  const apiKeys: Readonly<Record<string, number>>
  export = apiKeys
}

declare module 'kafkajs/src/protocol/encoder.js' {
  class Encoder {
    readonly buffer: Buffer
    writeInt8(value: number): this
    writeInt16(value: number): this
    writeInt32(value: number): this
    writeBoolean(value: boolean): this
    writeString(value: string | null): this
    writeBytes(value: Buffer | string | null): this
    writeBuffer(value: Buffer): this
    writeEncoder(value: Encoder): this
    writeArray(value: readonly (Encoder | string)[]): this
  }
  export = Encoder
}

declare module 'kafkajs/src/protocol/decoder.js' {
  class Decoder {
    constructor(buffer: Buffer)
    readInt8(): number
    readInt16(): number
    readInt32(): number
    readInt64(): bigint
    readString(): string | null
    readBytes(length?: number): Buffer
    readArray<T>(reader: (decoder: Decoder) => T): T[]
  }
  export = Decoder
}

declare module 'kafkajs/src/protocol/error.js' {
  export function createErrorFromCode(code: number): Error & { readonly type: string; readonly retriable: boolean }
}

declare module 'kafkajs/src/errors.js' {
  export class KafkaJSConnectionError extends Error {
    constructor(message: string)
    readonly retriable: boolean
  }
}
