// What every answer to a hostile client must be: HTTP, of a status that is documented, JSON where it says so, and silent about the inside.
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { root } from '../../cli/meshgate-process.ts'
import { readAnswers, type HttpAnswer } from './read-answers.ts'

/** 408, 417 and 431 are node's own; 101 begins a WebSocket; the last ones are those of records (ingest/http). */
const STATUSES = new Set([
  100, 101, 200, 202, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 417, 421, 422, 426, 429, 431,
  503,
])
const INTERNALS =
  /node_modules|\.[tj]s:\d|\bat \S+ \(|\b(?:Type|Range|Syntax|Reference)Error\b|"INTERNAL"|INTERNAL_SERVER_ERROR|node:internal|ENOENT|Cannot read properties|is not a function|Maximum call stack/
const PACKED = { gzip: gunzipSync, br: brotliDecompressSync, deflate: inflateSync, zstd: zstdDecompressSync }
/** Statuses by which a gateway of WebSockets closes: RFC 6455's, and graphql-ws's. 1011 says that the server has failed. */
const CLOSE_CODES = new Set([
  1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1013, 4400, 4401, 4403, 4406, 4408, 4409, 4429,
])

export interface Checked {
  readonly problems: readonly string[]
  /** How often each status came; a close code of a WebSocket is one. */
  readonly statuses: readonly number[]
}

/** `hasEnded`: the server has closed the connection by itself, so that the last answer must be whole. */
export function checkAnswers(bytes: Buffer, isHead: boolean, hasEnded: boolean): Checked {
  const { answers, messages, closeCode, problem } = readAnswers(bytes, isHead)
  const problems = problem === null ? [] : [problem]
  const statuses = answers.map(({ status }) => status)
  for (const answer of answers) problems.push(...checkAnswer(answer, hasEnded))
  for (const message of messages) problems.push(...checkText(message), ...checkJson(message))
  if (closeCode !== null) {
    statuses.push(closeCode)
    if (!CLOSE_CODES.has(closeCode)) problems.push(`a WebSocket was closed with ${closeCode}`)
  }
  return { problems, statuses }
}

function checkAnswer(answer: HttpAnswer, hasEnded: boolean): string[] {
  const { status, headers, isWhole } = answer
  const problems: string[] = []
  if (!STATUSES.has(status)) problems.push(`status ${status}: ${answer.body.toString('utf8', 0, 300)}`)
  if (!isWhole) return hasEnded ? [...problems, `an answer with status ${status} was cut off`] : problems
  const type = headers.get('content-type') ?? ''
  // The page is a bundle of scripts, metrics name every code; what is said about requests is JSON, text or events.
  if (!/json|plain|event-stream|mixed/.test(type) || answer.body.subarray(0, 7).toString() === '# HELP ')
    return problems
  const body = unpacked(answer)
  if (body === null) return [...problems, `a body that is not ${headers.get('content-encoding') ?? ''}`]
  problems.push(...checkText(body))
  if (/^application\/(?:graphql-response\+)?json\b/.test(type) && body !== '') problems.push(...checkJson(body))
  if (type.startsWith('text/event-stream')) {
    // Of the characters that end a line elsewhere only these do in a stream.
    for (const line of body.split(/\r\n|\r|\n/)) if (/^data: ./s.test(line)) problems.push(...checkJson(line.slice(6)))
  }
  return problems
}

function unpacked({ headers, body }: HttpAnswer): string | null {
  const coding = headers.get('content-encoding')
  if (coding === undefined) return body.toString('utf8')
  const unpack = coding in PACKED ? PACKED[coding as keyof typeof PACKED] : null
  try {
    return unpack?.(body).toString('utf8') ?? null
  } catch {
    return null
  }
}

function checkText(text: string): string[] {
  const found = INTERNALS.exec(text)
  const at = found?.index ?? text.indexOf(root)
  return at < 0 ? [] : [`tells of the inside: …${text.slice(Math.max(0, at - 200), at + 200)}…`]
}

function checkJson(text: string): string[] {
  try {
    JSON.parse(text)
    return []
  } catch {
    return [`no JSON: ${text.slice(0, 200)}`]
  }
}
