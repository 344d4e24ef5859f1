// Events of a WebSocket's subscriptions, written past graphql-ws: an event goes to thousands of clients at once, and what is theirs of it is the id.
// Everything else of the protocol, the end of a stream included, is graphql-ws'.
import type { ExecutionResult } from 'graphql'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { EngineResult, ResultStream } from '../engine-contract.ts'
import type { EventSink } from '../subscribe/event-queue.ts'
import { resultBytes } from './result-text.ts'
import { bytesOf, textFrame } from './socket-frames.ts'

/** Writes to one socket. ws writes whole frames at once to the same connection (nothing is compressed): the two do not mix within a message. */
export class SocketWriter {
  readonly #socket: WebSocket
  readonly #connection: Duplex
  #waiting: (() => void)[] = []

  constructor(socket: WebSocket, connection: Duplex) {
    this.#socket = socket
    this.#connection = connection
    const ready = (): void => {
      // It is not listened to while too much waits for it.
      if (socket.isPaused) socket.resume()
      const waiting = this.#waiting
      this.#waiting = []
      for (const told of waiting) told()
    }
    connection.on('drain', ready)
    connection.on('close', ready)
  }

  /** `next` messages of one operation. */
  sink(id: string): EventSink<EngineResult> {
    const head = bytesOf(`{"id":${JSON.stringify(id)},"type":"next","payload":`)
    return {
      write: (result) => {
        // Behind a close frame nothing may come: who is closed is told its cursor before.
        if (this.#socket.readyState !== this.#socket.OPEN) return true
        return this.#connection.write(textFrame(`${head}${resultBytes(result)}}`), 'latin1')
      },
      whenRoom: (ready) => {
        if (this.#connection.destroyed || !this.#connection.writableNeedDrain) return ready()
        this.#waiting.push(ready)
      },
    }
  }
}

/** What graphql-ws iterates: nothing comes of it but the end. */
export function pipedStream(
  stream: ResultStream,
  sink: EventSink<EngineResult>,
): AsyncIterableIterator<ExecutionResult, undefined> {
  return {
    next: async () => {
      await stream.pipeTo(sink)
      return { done: true, value: undefined }
    },
    return: async () => {
      await stream.return?.(undefined)
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
