// One HTTP/1.1 connection to a subgraph: one request at a time, written in one piece, its answer read into one buffer that all
// connections share (reading without stream objects took half the CPU of undici; docs/decisions/subgraph-requests.md). Owns the socket.
import { connect, type Socket } from 'node:net'
import { AnswerReader, type Reading } from './answer-reader.ts'
import type { HttpAnswer, TransportFailure } from './http-transport.ts'

/** What it tells its owner: exactly one outcome of each request, and once that it is gone. */
export interface ConnectionOwner {
  onAnswered(connection: SocketConnection, answer: HttpAnswer): void
  onFailed(connection: SocketConnection, failure: TransportFailure): void
  onGone(connection: SocketConnection): void
}

export interface ConnectionTarget {
  readonly host: string
  readonly port: number
  readonly responseBytesMax: number
}

const READ_BYTES = 65_536
/** A callback runs to its end before another socket is read, and what is kept is copied. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)

const KEEP_ALIVE_PROBE_MS = 30_000

export class SocketConnection {
  /** Of the last answer: null where the server did not say. */
  keepAliveMs: number | null = null
  idleSinceMs = 0
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  readonly #responseBytesMax: number
  /** Of the request under way. */
  #reader: AnswerReader | null = null
  #isUsable = true
  #isGone = false
  #cause: unknown = undefined

  constructor(target: ConnectionTarget, owner: ConnectionOwner) {
    this.#owner = owner
    this.#responseBytesMax = target.responseBytesMax
    this.#socket = connect({
      host: target.host,
      port: target.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          this.#onBytes(readBuffer.subarray(0, length))
          return true
        },
      },
    })
    this.#socket.on('error', (error) => (this.#cause = error))
    this.#socket.on('end', () => this.#onEnd())
    this.#socket.on('close', () => this.#onClose())
  }

  /** Free for another request. */
  get isUsable(): boolean {
    return this.#isUsable && this.#reader === null
  }

  /** `head` and `body` make one write where the head is ASCII, as it nearly always is. */
  send(head: string, isAscii: boolean, body: string): void {
    this.#reader = new AnswerReader(this.#responseBytesMax)
    if (isAscii) {
      this.#socket.write(head + body, 'utf8')
      return
    }
    this.#socket.cork()
    this.#socket.write(head, 'latin1')
    this.#socket.write(body, 'utf8')
    this.#socket.uncork()
  }

  /** A request under way is not told of. */
  destroy(): void {
    this.#reader = null
    this.#isUsable = false
    this.#socket.destroy()
    this.#gone()
  }

  #onBytes(bytes: Buffer): void {
    const reader = this.#reader
    // Bytes that nobody asked for, or after the end of what is taken.
    if (reader === null) this.destroy()
    else this.#take(reader.read(bytes))
  }

  #onEnd(): void {
    if (this.#reader === null) return this.destroy()
    this.#isUsable = false
    this.#take(this.#reader.end())
  }

  #onClose(): void {
    this.#isUsable = false
    if (this.#reader !== null) {
      const cause = this.#cause ?? new Error('The connection was closed in a request.')
      this.#take({ kind: 'failed', failure: { kind: 'connection', cause } })
    }
    this.#gone()
  }

  #take(reading: Reading): void {
    if (reading.kind === 'more') return
    this.#reader = null
    if (reading.kind === 'answer') {
      this.keepAliveMs = reading.keepAliveMs
      // An answer before the request is out: the rest of the request would stand before the next.
      if (!reading.keepAlive || this.#socket.writableLength > 0) this.#isUsable = false
      this.#owner.onAnswered(this, reading.answer)
    } else {
      this.#isUsable = false
      this.#owner.onFailed(this, reading.failure)
    }
    if (!this.#isUsable) this.destroy()
  }

  #gone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#owner.onGone(this)
  }
}
