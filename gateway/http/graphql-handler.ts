// Answers /graphql over HTTP: reads the request, runs it on the engine of the moment, and writes what comes in the protocol that fits.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { NOBODY, type Authenticate, type Identity } from '../authenticate/identity.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult, type SpendProblem } from '../engine-contract.ts'
import { originOf } from '../observe/request-origin.ts'
import { readAccept, type Accepted, type StreamMediaType } from './accept.ts'
import { makeCompressedAnswer, problemAnswer, writeAnswer, type AnswerForm } from './answer.ts'
import { answerRefused, writeOnce } from './answer-once.ts'
import { checkBatch, runBatch } from './batch.ts'
import { readAcceptEncoding, type Compressor } from './content-coding.ts'
import type { CsrfGuard } from './csrf.ts'
import { eventStreamFormat, withLastEventId } from './event-stream-format.ts'
import type { HeaderForwarder } from './forwarded-headers.ts'
import type { ClientLimits } from './client-limits.ts'
import { checkTransport, readPosted, readSearch, type RequestParameters } from './graphql-request.ts'
import { payingBy, type Paying } from './paying.ts'
import { isProblem, type HttpProblem } from './http-problem.ts'
import { multipartFormat } from './multipart-format.ts'
import { chooseProtocol, NOT_ACCEPTABLE } from './protocol.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { TellRefusal } from './tell-refusal.ts'
import { readBody } from './request-body.ts'
import type { ShareableRequest, SharedQueries } from './shared-queries.ts'
import { writeStream } from './stream-response.ts'
import type { TextBuffers } from './text-buffers.ts'

export interface GraphqlHandlerOptions {
  /** The engine that new requests run on. */
  readonly engine: () => Engine
  /** Asked before a request is read. */
  readonly authenticate: Authenticate
  /** Null: whoever asks is answered. */
  readonly rateLimiter: RateLimiter | null
  readonly clientLimits: ClientLimits
  /** Told of what is refused here, before the engine knows of it. */
  readonly refused: TellRefusal
  readonly forwarded: HeaderForwarder
  readonly bodyBytesMax: number
  /** Null: whatever a browser sends is answered. */
  readonly csrf: CsrfGuard | null
  /** 0: no batches. */
  readonly batchMax: number
  readonly compressor: Compressor | null
  readonly buffers: TextBuffers
  /** Null: every request has an answer of its own. */
  readonly sharedQueries: SharedQueries | null
  readonly vary: string
  readonly streamKeepAliveMs: number
  readonly onError: (message: string, error: unknown) => void
}

/** A client's request and what is known of it before it is read. */
interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly accepted: Accepted
  readonly form: AnswerForm
  /** Nobody until that has been asked. */
  identity: Identity
}

/** `search` is what follows the question mark in the URL. */
export type GraphqlHandler = (request: IncomingMessage, response: ServerResponse, search: string) => Promise<void>

export function createGraphqlHandler(options: GraphqlHandlerOptions): GraphqlHandler {
  return async (request, response, search) => {
    const exchange = openExchange(request, response, options)
    const problem = checkRequest(exchange, options)
    if (problem !== null) return writeProblem(exchange, problem, options)
    const found = options.authenticate(request)
    const identity = found instanceof Promise ? await found : found
    if (identity.kind === 'refused') return writeProblem(exchange, identity, options)
    const tooMany = options.rateLimiter?.take(request, identity.principal, 1) ?? null
    exchange.identity = identity
    if (tooMany !== null) return writeProblem(exchange, tooMany, options)
    if (request.method === 'GET') {
      return answer(exchange, { exact: `?${search}`, read: () => readSearch(search) }, options)
    }
    const body = await readBody(request, options.bodyBytesMax)
    if (!Buffer.isBuffer(body)) return writeProblem(exchange, body, options)
    // Bytes as characters: the shortest way to a key that no other body has.
    const exact = options.sharedQueries === null ? '' : body.toString('latin1')
    return answer(exchange, { exact, read: () => readPosted(body) }, options)
  }
}

function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  { vary, compressor }: GraphqlHandlerOptions,
): Exchange {
  const accepted = readAccept(request.headers.accept)
  const coding = compressor === null ? 'identity' : readAcceptEncoding(request.headers['accept-encoding'])
  const form = { mediaType: accepted.answer ?? 'application/json', coding, vary } as const
  return { request, response, accepted, form, identity: NOBODY }
}

function checkRequest({ request, accepted }: Exchange, { csrf }: GraphqlHandlerOptions): HttpProblem | null {
  if (accepted.answer === null && accepted.stream === null) return NOT_ACCEPTABLE
  const problem = checkTransport(request)
  if (problem !== null || csrf === null || csrf.allows(request)) return problem
  return { status: 400, message: csrf.advice }
}

interface Asked {
  /** The request as it was sent: equal ones ask the same. */
  readonly exact: string
  readonly read: () => RequestParameters | readonly unknown[] | HttpProblem
}

async function answer(exchange: Exchange, asked: Asked, options: GraphqlHandlerOptions): Promise<void> {
  const { request, response, accepted, form } = exchange
  const { principal, expiresAtMs } = exchange.identity
  const spending = spendingOnce(payingBy(options.rateLimiter, request, principal))
  const headers = options.forwarded(request)
  const origin = originOf(request.headers)
  const from = origin === undefined ? {} : { origin }
  if (options.sharedQueries !== null && accepted.answer !== null) {
    const shareable: ShareableRequest = { ...asked, ...from, ...spending, principal, headers, form }
    const shared = options.sharedQueries.answer(shareable, options.engine(), response)
    const found = shared === null ? null : await shared
    if (found === 'left') return
    if (found !== null) return writeAnswer(response, found)
  }
  const parameters = asked.read()
  if (isProblem(parameters)) return writeProblem(exchange, parameters, options)
  const signal = disconnectSignal(response)
  const expiring = expiresAtMs === null ? {} : { expiresAtMs }
  const context = { principal, signal, ...from, ...expiring, ...(headers === undefined ? {} : { headers }) }
  try {
    if (isBatch(parameters)) {
      await answerBatch(
        exchange,
        parameters,
        { ...context, ...payingBy(options.rateLimiter, request, principal) },
        options,
      )
    } else await answerOne(exchange, { ...parameters, ...context, ...spending }, options)
  } catch (error) {
    // The client has left: nobody is there to answer.
    if (!signal.aborted) throw error
  }
}

/** A request that turns out not to be shared is prepared again. */
function spendingOnce({ spend, ...window }: Paying): Paying {
  if (spend === undefined) return {}
  let answer: SpendProblem | null | undefined
  return { ...window, spend: (cost) => (answer === undefined ? (answer = spend(cost)) : answer) }
}

function isBatch(parameters: RequestParameters | readonly unknown[]): parameters is readonly unknown[] {
  return Array.isArray(parameters)
}

function disconnectSignal(response: ServerResponse): AbortSignal {
  const abort = new AbortController()
  if (response.destroyed) abort.abort(new Error('The client has left.'))
  response.once('close', () => {
    if (!response.writableFinished) abort.abort(new Error('The client has left.'))
  })
  return abort.signal
}

async function answerOne(exchange: Exchange, request: EngineRequest, options: GraphqlHandlerOptions): Promise<void> {
  const { response, accepted, form } = exchange
  const engine = options.engine()
  const operation = await engine.prepare(request)
  if (!isReady(operation)) return refuse(exchange, operation, options)
  const protocol = chooseProtocol(operation.kind, exchange.request.method, accepted)
  if (typeof protocol === 'object') return writeProblem(exchange, protocol, options)
  if (protocol === 'once') return writeOnce(response, { engine, operation, request }, form, options)
  if (operation.kind !== 'subscription') {
    return stream(exchange, protocol, oneResult(await engine.run(operation, request)), options)
  }
  const place = options.clientLimits.openSubscription(exchange.request, exchange.identity.principal)
  if (typeof place !== 'function') return writeProblem(exchange, place, options)
  response.once('close', place)
  if (response.destroyed) place()
  const extensions = withLastEventId(request.extensions, exchange.request.headers['last-event-id'])
  const resumed = extensions === undefined ? request : { ...request, extensions }
  const results = await engine.runSubscription(operation, resumed)
  if (!(Symbol.asyncIterator in results)) return refuse(exchange, results, options)
  await stream(exchange, protocol, (sink) => results.pipeTo(sink), options)
}

/** A client that takes nothing but streams is told in one. */
async function refuse(exchange: Exchange, result: EngineResult, options: GraphqlHandlerOptions): Promise<void> {
  const { response, accepted, form } = exchange
  if (accepted.answer === null) return stream(exchange, accepted.stream, oneResult(result), options)
  writeAnswer(response, answerRefused(result, form))
}

async function answerBatch(
  exchange: Exchange,
  entries: readonly unknown[],
  context: Pick<EngineRequest, 'principal' | 'expiresAtMs' | 'spend' | 'window' | 'headers' | 'signal'>,
  options: GraphqlHandlerOptions,
): Promise<void> {
  const { engine, batchMax, compressor, rateLimiter } = options
  const { accepted, form, request, response, identity } = exchange
  const further = entries.length - 1
  const problem =
    (accepted.answer === null ? NOT_ACCEPTABLE : checkBatch(entries, batchMax)) ??
    (further > 0 ? rateLimiter?.take(request, identity.principal, further) : null) ??
    null
  if (problem !== null) return writeProblem(exchange, problem, options)
  const body = await runBatch(entries, engine(), context)
  writeAnswer(response, await makeCompressedAnswer(200, body, form, compressor))
}

async function stream(
  { response }: Exchange,
  protocol: StreamMediaType | null,
  pipeTo: Pipe,
  { vary, streamKeepAliveMs, onError }: GraphqlHandlerOptions,
): Promise<void> {
  const format = protocol === 'multipart/mixed' ? multipartFormat : eventStreamFormat
  await writeStream(response, pipeTo, { format, vary, keepAliveMs: streamKeepAliveMs, onError })
}

type Pipe = Parameters<typeof writeStream>[1]

function oneResult(result: EngineResult): Pipe {
  return async (sink) => void sink.write(result)
}

function writeProblem(
  { request, response, form, identity }: Exchange,
  problem: HttpProblem,
  { refused }: GraphqlHandlerOptions,
): void {
  refused({ via: 'http', request, problem, principal: identity.principal })
  writeAnswer(response, problemAnswer(problem, form))
}
