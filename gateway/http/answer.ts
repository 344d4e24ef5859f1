// One whole response: its head and body, made once, written to as many clients as wait for it. Text for one client alone is written from
// buffers that are used again, and text that is long a piece at a time, so that its bytes are never there as a whole.
import type { GraphQLFormattedError } from 'graphql'
import type { ServerResponse } from 'node:http'
import { limits } from '../../platform/limits.ts'
import type { AnswerMediaType } from './accept.ts'
import type { Compressor, ContentCoding } from './content-coding.ts'
import type { HttpProblem } from './http-problem.ts'
import { roomIn } from './room-in.ts'
import type { LentBytes, TextBuffers } from './text-buffers.ts'

export interface Answer {
  readonly status: number
  /** Names and values in turn: `writeHead` takes them as they are. */
  readonly head: readonly string[]
  readonly body: Uint8Array
  /** What an observer is told of the answer. */
  readonly errors?: readonly GraphQLFormattedError[]
  readonly refused?: boolean
}

export interface AnswerForm {
  readonly mediaType: AnswerMediaType
  readonly coding: ContentCoding
  /** The request headers that the response depends on. */
  readonly vary: string
}

export function makeAnswer(status: number, body: string | Uint8Array, form: AnswerForm): Answer {
  return withBody(status, typeof body === 'string' ? Buffer.from(body) : body, { ...form, coding: 'identity' })
}

export async function makeCompressedAnswer(
  status: number,
  body: string | Uint8Array,
  form: AnswerForm,
  compressor: Compressor | null,
): Promise<Answer> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const compressing = compressor?.compress(bytes, form.coding) ?? null
  return compressing === null ? makeAnswer(status, bytes, form) : withBody(status, await compressing, form)
}

export function problemAnswer(problem: HttpProblem, form: AnswerForm): Answer {
  const { message, code = 'REQUEST_INVALID' } = problem
  const result = { errors: [{ message, extensions: { code } }] }
  const answer = makeAnswer(problem.status, JSON.stringify(result), form)
  return problem.headers === undefined ? answer : { ...answer, head: [...answer.head, ...problem.headers] }
}

export function writeAnswer(response: ServerResponse, { status, head, body }: Answer): void {
  response.writeHead(status, head as string[])
  response.end(body)
}

/** As it is, to one client. Resolves when all of it is on its way. */
export async function writeText(
  response: ServerResponse,
  { status, text, form }: { readonly status: number; readonly text: string; readonly form: AnswerForm },
  buffers: TextBuffers,
): Promise<void> {
  if (text.length > limits.textBufferBytes) {
    response.writeHead(status, headOf(Buffer.byteLength(text), { ...form, coding: 'identity' }))
    return writePieces(response, text, buffers)
  }
  const lent = buffers.lend(text)
  if (lent === null) return writeAnswer(response, makeAnswer(status, text, form))
  response.once('finish', lent.release)
  response.once('close', lent.abandon)
  writeAnswer(response, makeAnswer(status, lent.bytes, form))
}

async function writePieces(response: ServerResponse, text: string, buffers: TextBuffers): Promise<void> {
  for (let from = 0; from < text.length && !response.destroyed;) {
    const piece: LentBytes = buffers.lendPiece(text, from)
    from += piece.characters
    const hasRoom = response.write(piece.bytes, (error) => {
      if (error instanceof Error) piece.abandon()
      else piece.release()
    })
    if (!hasRoom) await roomIn(response)
  }
  response.end()
}

function withBody(status: number, body: Uint8Array, form: AnswerForm): Answer {
  return { status, head: headOf(body.length, form), body }
}

function headOf(bytes: number, { mediaType, coding, vary }: AnswerForm): string[] {
  const head = ['content-type', `${mediaType}; charset=utf-8`, 'content-length', String(bytes)]
  head.push('cache-control', 'no-store', 'vary', vary)
  if (coding !== 'identity') head.push('content-encoding', coding)
  return head
}
