// Runs an operation and makes the whole answer of it.
import type { Engine, EngineRequest, EngineResult, ReadyOperation } from '../engine-contract.ts'
import { lendAnswer, makeAnswer, makeCompressedAnswer, type Answer, type AnswerForm } from './answer.ts'
import type { Compressor } from './content-coding.ts'
import type { TextBuffers } from './text-buffers.ts'

export interface Run {
  readonly engine: Engine
  readonly operation: ReadyOperation
  readonly request: EngineRequest
}

export interface AnswerTools {
  /** Null: nothing is compressed. */
  readonly compressor: Compressor | null
  /** Null: the answer is for several clients. */
  readonly buffers: TextBuffers | null
}

export async function answerOnce(run: Run, form: AnswerForm, { compressor, buffers }: AnswerTools): Promise<Answer> {
  const { body, refused } = await run.engine.runSerialized(run.operation, run.request)
  const status = refused ? refusedStatus(form) : 200
  if (compressor !== null && form.coding !== 'identity') return makeCompressedAnswer(status, body, form, compressor)
  return typeof body === 'string' && buffers !== null
    ? lendAnswer(status, body, form, buffers)
    : makeAnswer(status, body, form)
}

/** What was refused before anything ran. */
export function answerRefused(result: EngineResult, form: AnswerForm): Answer {
  const internal = (result.errors ?? []).some((error) => error.extensions?.['code'] === 'INTERNAL')
  return makeAnswer(internal ? 500 : refusedStatus(form), JSON.stringify(result), form)
}

/** application/json: 200 whenever the answer is a well-formed GraphQL response, for clients that look no further. */
function refusedStatus({ mediaType }: AnswerForm): number {
  return mediaType === 'application/graphql-response+json' ? 400 : 200
}
