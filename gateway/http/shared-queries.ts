// Identical queries in flight share one whole answer, compressed bytes included (sharing: `requests`). Equal is what may change the answer:
// the request, what is forwarded of its headers, who asks, media type and coding. Requests that are equal to the byte are found without being
// parsed; others that ask the same (by GET, with other spaces) once they are. Only queries: what turns out to be another kind runs alone.
import type { ServerResponse } from 'node:http'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult } from '../engine-contract.ts'
import { principalKey } from '../principal-view.ts'
import { errorCodes, type AnsweredRequest, type GatewayObserver } from '../gateway-observer.ts'
import type { RequestOrigin } from '../observe/operation-watch.ts'
import type { Answer, AnswerForm } from './answer.ts'
import { answerOnce, answerRefused } from './answer-once.ts'
import type { Compressor } from './content-coding.ts'
import type { RequestParameters } from './graphql-request.ts'
import { isProblem, type HttpProblem } from './http-problem.ts'
import { createSharedAnswers, type Seat, type SharedAnswers } from './shared-answers.ts'

export interface ShareableRequest {
  /** The request as it was sent, a character per byte. */
  readonly exact: string
  readonly read: () => RequestParameters | readonly unknown[] | HttpProblem
  readonly principal: Principal
  /** Asked of the one that asks the engine, once however often that is. */
  readonly spend?: EngineRequest['spend']
  /** Of the one that asks the engine; those that join have none of their own. */
  readonly origin?: RequestOrigin
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly form: AnswerForm
}

export interface SharedQueries {
  /** Null, at once or in the end: it has to be answered alone. */
  answer(request: ShareableRequest, engine: Engine, response: ServerResponse): Promise<Answer | 'left' | null> | null
}

export interface SharedQueriesOptions {
  readonly compressor: Compressor | null
  /** Told of every request that had an answer because another asked: the engine knows nothing of it. */
  readonly observer?: GatewayObserver
  readonly clock: Clock
}

export function createSharedQueries({ compressor, observer, clock }: SharedQueriesOptions): SharedQueries {
  const flights = createSharedAnswers<Answer>()
  const tell = observer?.request?.bind(observer)
  return {
    answer: (request, engine, response) => {
      const { exact } = request
      if (exact.length > limits.sharedQueryBytesMax || exact.startsWith('[')) return null
      const run: Running = { request, engine, compressor, flights, view: viewKey(request), asked: false }
      const seat = flights.join(engine, `${run.view}\n${exact}`, (signal) => answerEqual(run, signal))
      if (seat === null) return null
      const found = wait(seat, response)
      return tell === undefined ? found : observed(found, run, { tell, clock })
    },
  }
}

interface Running {
  readonly request: ShareableRequest
  readonly engine: Engine
  readonly compressor: Compressor | null
  readonly flights: SharedAnswers<Answer>
  readonly view: string
  /** This request has asked the engine, which tells of it. */
  asked: boolean
}

interface Told {
  readonly tell: (request: AnsweredRequest) => void
  readonly clock: Clock
}

async function observed(
  found: Promise<Answer | 'left' | null>,
  run: Running,
  { tell, clock }: Told,
): Promise<Answer | 'left' | null> {
  const sinceMs = clock.monotonic()
  const answer = await found
  if (answer === null || answer === 'left' || run.asked) return answer
  const kind = answer.refused === true ? 'refused' : 'query'
  tell({ kind, durationMs: clock.monotonic() - sinceMs, codes: errorCodes(answer) })
  return answer
}

async function wait(seat: Seat<Answer>, response: ServerResponse): Promise<Answer | 'left' | null> {
  let hasLeft = false
  const leave = (): void => {
    if (hasLeft || response.writableFinished) return
    hasLeft = true
    seat.leave()
  }
  if (response.destroyed) leave()
  else response.once('close', leave)
  try {
    const answer = await seat.answer
    return hasLeft ? 'left' : answer
  } catch (error) {
    if (hasLeft) return 'left'
    throw error
  }
}

/** Joins who asks the same in other bytes. */
async function answerEqual(running: Running, signal: AbortSignal): Promise<Answer | null> {
  const { request, engine, flights, view } = running
  const parameters = request.read()
  if (isProblem(parameters) || !('query' in parameters)) return null
  const { query, documentId = null, operationName = null, variables = null, extensions = null } = parameters
  const text = exactJson([query, documentId, operationName, variables, extensions])
  const seat =
    text === null ? null : flights.join(engine, `${view}\n${text}`, (all) => answerQuery(running, parameters, all))
  if (seat === null) return answerQuery(running, parameters, signal)
  signal.addEventListener('abort', () => seat.leave(), { once: true })
  return seat.answer
}

async function answerQuery(
  running: Running,
  parameters: RequestParameters,
  signal: AbortSignal,
): Promise<Answer | null> {
  running.asked = true
  const { request, engine, compressor } = running
  const { principal, headers, form, origin, spend } = request
  const from = origin === undefined ? {} : { origin }
  const asked: EngineRequest = {
    ...parameters,
    principal,
    signal,
    ...from,
    ...(spend === undefined ? {} : { spend }),
    ...(headers === undefined ? {} : { headers }),
  }
  const operation = await engine.prepare(asked)
  // Who has spent too much answers for itself, and not for those who have joined it.
  if (!isReady(operation)) return isOverspent(operation) ? null : answerRefused(operation, form)
  if (operation.kind !== 'query') return null
  return answerOnce({ engine, operation, request: asked }, form, compressor)
}

function isOverspent({ errors = [] }: EngineResult): boolean {
  return errors[0]?.extensions?.['code'] === 'RATE_LIMITED'
}

/** Null where JSON has no text for a number that was read out of it: 1e999 and -0 would look like others. */
function exactJson(value: unknown): string | null {
  let exact = true
  const text = JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'number' && (!Number.isFinite(each) || Object.is(each, -0))) exact = false
    return each
  })
  return exact ? text : null
}

/** JSON has no line breaks of its own, so what follows one cannot be taken for a part of it. */
function viewKey({ principal, headers, form }: ShareableRequest): string {
  const who = principal === ANONYMOUS ? '' : principalKey(principal)
  return `${form.mediaType} ${form.coding} ${headers === undefined ? '' : JSON.stringify(headers)} ${who}`
}
