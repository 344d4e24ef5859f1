// Writes a stream of results to one client over HTTP, in the form of its protocol. While the client does not take them the next stay in the
// subscription's bounded queue, which ends a client that is too slow. Whoever takes nothing for long is cut off.
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { limits } from '../../platform/limits.ts'
import type { EngineResult } from '../engine-contract.ts'
import type { EventSink } from '../subscribe/event-queue.ts'
import { roomIn } from './room-in.ts'

/** How a protocol writes what happens on a stream. */
export interface StreamFormat {
  readonly contentType: string
  readonly opening: string
  readonly keepAlive: string
  readonly closing: string
  result(result: EngineResult): string | Uint8Array
  /** The stream ends with an error. */
  failure(error: GraphQLFormattedError): string
}

export interface StreamOptions {
  readonly format: StreamFormat
  readonly vary: string
  readonly keepAliveMs: number
  readonly onError: (message: string, error: unknown) => void
}

/** Resolves when the client has been sent everything or has left; who leaves is noticed by whoever pipes. */
export async function writeStream(
  response: ServerResponse,
  pipeTo: (sink: EventSink<EngineResult>) => Promise<void>,
  options: StreamOptions,
): Promise<void> {
  const { format } = options
  response.writeHead(200, [
    'content-type',
    format.contentType,
    'cache-control',
    'no-store',
    // nginx would hold back what it collects.
    'x-accel-buffering',
    'no',
    'vary',
    options.vary,
  ])
  const keepingAlive = keepAlive(response, options)
  try {
    response.write(format.opening)
    await pipeTo({
      write: (result) => response.destroyed || response.write(format.result(result)),
      whenRoom: (ready) => void roomIn(response).then(ready),
    })
  } catch (error) {
    if (!response.destroyed) response.write(format.failure(formatFailure(error, options)))
  } finally {
    clearInterval(keepingAlive)
    response.end(format.closing)
  }
}

function keepAlive(response: ServerResponse, { format, keepAliveMs }: StreamOptions): NodeJS.Timeout {
  let missed = 0
  response.on('drain', () => (missed = 0))
  return setInterval(() => {
    if (!response.writableNeedDrain) return void response.write(format.keepAlive)
    missed++
    if (missed > limits.streamKeepAlivesMissedMax) response.destroy()
  }, keepAliveMs)
}

function formatFailure(error: unknown, { onError }: StreamOptions): GraphQLFormattedError {
  if (error instanceof GraphQLError) return error.toJSON()
  const id = randomUUID()
  onError(`A stream failed (${id})`, error)
  return { message: `The gateway failed. Its log has the cause under ${id}.`, extensions: { code: 'INTERNAL', id } }
}
