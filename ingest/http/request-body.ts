// The body of a request, whole, unpacked and bounded: no more is read than is allowed, and all bodies in memory together are bounded.
import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'

/** Room for bodies in memory. */
export class BodyBudget {
  #free = limits.postBytesInFlightMax
  readonly #waiting: (() => void)[] = []

  /** Waits for room; INGEST_OVERLOADED when too many wait already. The result gives the room back. */
  async reserve(bytes: number): Promise<() => void> {
    if (this.#free < bytes || this.#waiting.length > 0) await this.#turn()
    this.#free -= bytes
    return () => {
      this.#free += bytes
      // One after the other, each takes what it needs before the next looks.
      this.#waiting.shift()?.()
    }
  }

  async #turn(): Promise<void> {
    if (this.#waiting.length >= limits.postRequestsWaitingMax) {
      throw new MeshgateError('INGEST_OVERLOADED', 'Too many requests to topics wait. Retry with backoff.')
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

/** Bytes to reserve before a body is read. */
export const bodyBytesReserved = limits.postBodyBytesMax

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limits.postBodyBytesMax) throw tooLarge('The body')
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity') return collect(request, 'The body')
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    const message = `Content-Encoding ${encoding} is not supported. Send gzip, or the body as it is.`
    throw new MeshgateError('INGEST_REQUEST_UNSUPPORTED', message)
  }
  const gunzip = createGunzip()
  request.on('error', (error) => gunzip.destroy(error))
  // A request that ends early would leave the unpacking waiting.
  request.on('close', () => {
    if (!request.complete) gunzip.destroy(new Error('The request was aborted.'))
  })
  request.pipe(gunzip)
  try {
    return await collect(gunzip, 'The unpacked body')
  } catch (error) {
    if (error instanceof MeshgateError) throw error
    throw new MeshgateError('INGEST_REQUEST_INVALID', 'The body is not whole gzip data. Mend the sender.', error)
  } finally {
    request.unpipe(gunzip)
    gunzip.destroy()
  }
}

async function collect(stream: NodeJS.ReadableStream, what: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of readChunks(stream)) {
    bytes += chunk.length
    if (bytes > limits.postBodyBytesMax) throw tooLarge(what)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

// Leaving the loop must not destroy the request: its socket still carries the answer.
function readChunks(stream: NodeJS.ReadableStream): AsyncIterable<Buffer> {
  const readable = stream as NodeJS.ReadableStream & {
    iterator(options: { destroyOnReturn: boolean }): AsyncIterable<Buffer>
  }
  return readable.iterator({ destroyOnReturn: false })
}

function tooLarge(what: string): MeshgateError {
  const message = `${what} exceeds ${limits.postBodyBytesMax} bytes. Send fewer records at once.`
  return new MeshgateError('INGEST_REQUEST_TOO_LARGE', message)
}
