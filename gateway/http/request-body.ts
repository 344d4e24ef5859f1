// Collects the body of a request, bounded. Small bodies, nearly all, come in one piece and are handed on as that.
import type { IncomingMessage } from 'node:http'
import type { HttpProblem } from './http-problem.ts'

/** Rejects where the client leaves in the middle. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | HttpProblem> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return Promise.resolve(tooLarge(bytesMax))
  return new Promise((resolve, reject) => {
    let first: Buffer | null = null
    let rest: Buffer[] | null = null
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bytesMax) {
        // What still comes is dropped; the connection closes with the answer.
        first = rest = null
        resolve(tooLarge(bytesMax))
      } else if (first === null) first = chunk
      else if (rest === null) rest = [first, chunk]
      else rest.push(chunk)
    })
    request.on('end', () => resolve(rest === null ? (first ?? EMPTY) : Buffer.concat(rest, bytes)))
    request.on('error', reject)
    request.on('close', () => {
      if (!request.complete) reject(new Error('The client has left.'))
    })
  })
}

const EMPTY = Buffer.alloc(0)

function tooLarge(bytesMax: number): HttpProblem {
  return { status: 413, message: `The body is larger than ${bytesMax} bytes.`, headers: ['connection', 'close'] }
}
