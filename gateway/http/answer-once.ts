// Runs an operation and makes the whole answer of it.
import type { ServerResponse } from 'node:http'
import type { Engine, EngineRequest, EngineResult, ReadyOperation } from '../engine-contract.ts'
import { makeAnswer, makeCompressedAnswer, writeAnswer, writeText, type Answer, type AnswerForm } from './answer.ts'
import type { Compressor } from './content-coding.ts'
import { retryAfterSeconds } from './rate-limiter.ts'
import type { TextBuffers } from './text-buffers.ts'

export interface Run {
  readonly engine: Engine
  readonly operation: ReadyOperation
  readonly request: EngineRequest
}

/** For any number of clients. */
export async function answerOnce(run: Run, form: AnswerForm, compressor: Compressor | null): Promise<Answer> {
  const { body, errors = [], refused } = await run.engine.runSerialized(run.operation, run.request)
  const answer = await makeCompressedAnswer(refused ? refusedStatus(form) : 200, body, form, compressor)
  return { ...answer, errors, refused }
}

export interface WriteTools {
  /** Null: nothing is compressed. */
  readonly compressor: Compressor | null
  readonly buffers: TextBuffers
}

/** For one client. */
export async function writeOnce(
  response: ServerResponse,
  run: Run,
  form: AnswerForm,
  tools: WriteTools,
): Promise<void> {
  const { body, refused } = await run.engine.runSerialized(run.operation, run.request)
  const status = refused ? refusedStatus(form) : 200
  if (typeof body === 'string' && (tools.compressor === null || form.coding === 'identity')) {
    return writeText(response, { status, text: body, form }, tools.buffers)
  }
  writeAnswer(response, await makeCompressedAnswer(status, body, form, tools.compressor))
}

/** Apollo's clients take any other status of the second for a failure of the network. */
const STATUSES: ReadonlyMap<unknown, number> = new Map([
  ['INTERNAL', 500],
  ['PERSISTED_QUERY_NOT_FOUND', 200],
  ['RATE_LIMITED', 429],
])

/** What was refused before anything ran. */
export function answerRefused(result: EngineResult, form: AnswerForm): Answer {
  const { code, retryAfterMs } = (result.errors ?? [])[0]?.extensions ?? {}
  const status = STATUSES.get(code) ?? refusedStatus(form)
  const answer = makeAnswer(status, JSON.stringify(result), form)
  const later = typeof retryAfterMs === 'number' ? ['retry-after', retryAfterSeconds(retryAfterMs)] : []
  return { ...answer, head: [...answer.head, ...later], errors: result.errors ?? [], refused: true }
}

/** application/json: 200 whenever the answer is a well-formed GraphQL response, for clients that look no further. */
function refusedStatus({ mediaType }: AnswerForm): number {
  return mediaType === 'application/graphql-response+json' ? 400 : 200
}
