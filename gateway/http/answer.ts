// One whole response: its bytes and its head, made once, written to as many clients as wait for it.
import type { ServerResponse } from 'node:http'
import type { AnswerMediaType } from './accept.ts'
import type { Compressor, ContentCoding } from './content-coding.ts'
import type { HttpProblem } from './http-problem.ts'
import type { TextBuffers } from './text-buffers.ts'

export interface Answer {
  readonly status: number
  /** Names and values in turn: `writeHead` takes them as they are. */
  readonly head: readonly string[]
  readonly body: Uint8Array
  /** The body is lent: called when it is sent. Such an answer is written once. */
  readonly release?: () => void
}

export interface AnswerForm {
  readonly mediaType: AnswerMediaType
  readonly coding: ContentCoding
  /** The request headers that the response depends on. */
  readonly vary: string
}

/** An answer for one client alone: its body may be lent. */
export function lendAnswer(status: number, text: string, form: AnswerForm, buffers: TextBuffers): Answer {
  const lent = buffers.lend(text)
  return lent === null
    ? makeAnswer(status, text, form)
    : { ...makeAnswer(status, lent.bytes, form), release: lent.release }
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
  const result = { errors: [{ message: problem.message, extensions: { code: 'REQUEST_INVALID' } }] }
  const answer = makeAnswer(problem.status, JSON.stringify(result), form)
  return problem.headers === undefined ? answer : { ...answer, head: [...answer.head, ...problem.headers] }
}

export function writeAnswer(response: ServerResponse, { status, head, body, release }: Answer): void {
  response.writeHead(status, head as string[])
  // Of a client that leaves before nothing tells when the system has let go of the bytes.
  if (release !== undefined) response.once('finish', release)
  response.end(body)
}

function withBody(status: number, body: Uint8Array, { mediaType, coding, vary }: AnswerForm): Answer {
  const head = [
    'content-type',
    `${mediaType}; charset=utf-8`,
    'content-length',
    String(body.length),
    'cache-control',
    'no-store',
    'vary',
    vary,
  ]
  if (coding !== 'identity') head.push('content-encoding', coding)
  return { status, head, body }
}
