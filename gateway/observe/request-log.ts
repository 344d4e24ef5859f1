// The request log: a line for each operation of a client that the settings want one for. What stands in it is what an operator may see: names,
// hashes, times, counts and codes; never a variable's value, never a literal of the document.
import { createHmac, randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { limits } from '../../platform/limits.ts'
import type { RequestLogConfig } from '../../platform/operating-config.ts'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { ToldFailures } from '../../platform/telemetry/told-failures.ts'
import type { OperationKind } from '../engine-contract.ts'
import type { RefusedRequest } from '../gateway-observer.ts'
import type { RequestOrigin } from './operation-watch.ts'

/** What became of it: `refused`: nothing ran. `partial`: with errors. `left`: the client did not wait. */
export type Outcome = 'ok' | 'partial' | 'refused' | 'left'

export interface LoggedOperation {
  readonly kind: OperationKind | 'unknown'
  readonly name: string | undefined
  /** SHA-256 of the document, in hex; undefined where it is not known. */
  readonly hash: () => string | undefined
  /** Of a trusted document. */
  readonly documentId: string | undefined
  /** As it is estimated. */
  readonly cost: number | undefined
  readonly principal: Principal | undefined
  readonly origin: RequestOrigin | undefined
  readonly traceId: string | undefined
}

export interface LoggedAnswer {
  readonly outcome: Outcome
  readonly durationMs: number
  readonly codes: readonly string[]
  /** Validation included; absent where it was not planned. */
  readonly planMs: number | undefined
  readonly planCached: boolean | undefined
  readonly fetches: number
  readonly slowest: { readonly subgraph: string; readonly ms: number } | undefined
}

export interface LoggedStreamEnd {
  /** `completed`, `left`, or the code of the error that ended it. */
  readonly reason: string
  readonly events: number
  readonly durationMs: number
}

export interface RequestLog {
  refused(request: RefusedRequest): void
  answered(operation: LoggedOperation, answer: LoggedAnswer): void
  streamEnded(operation: LoggedOperation, end: LoggedStreamEnd): void
}

export interface RequestLogOptions {
  readonly config: RequestLogConfig
  readonly logger: Logger
  /** Of hashed subjects; null: one of this process. */
  readonly key: Uint8Array | null
  /** Default: the system's. */
  readonly random?: () => number
  /** Default: the system's. */
  readonly clock?: Clock
}

const HASH_CHARACTERS = 22
const RECONNECT = 'SUBSCRIPTION_RECONNECT'

/** Null where no line is wanted. */
export function createRequestLog({
  config,
  logger,
  key,
  random = Math.random,
  clock = systemClock,
}: RequestLogOptions): RequestLog | null {
  const { lines, slowMs, sample } = config
  if (lines === 'off') return null
  const log = logger.child({ log: 'request' })
  const told = new ToldFailures(clock)
  const subjectOf = subjects(config, key ?? randomBytes(32))
  const isSampled = (): boolean => sample === 1 || random() < sample
  return {
    answered: (operation, answer) => {
      const isFailure = answer.codes.includes('INTERNAL')
      const isNamed = isFailure || answer.durationMs >= slowMs
      if (!isNamed && (lines === 'slow' || !isSampled())) return
      const level = isFailure ? 'error' : answer.outcome === 'partial' ? 'warn' : 'info'
      const started = operation.kind === 'subscription' && answer.outcome === 'ok'
      log[level](
        { ...operationFields(operation, subjectOf), ...answerFields(answer) },
        started ? 'subscription started' : 'operation',
      )
    },
    refused: (request) => {
      // Whoever sends nonsense must not fill the log, unless every line is wanted.
      const untold = lines === 'slow' ? told.next(`${request.status} ${request.code}`) : isSampled() ? 0 : null
      if (untold === null) return
      log.info({ ...refusedFields(request, subjectOf), ...(untold === 0 ? {} : { untold }) }, 'refused')
    },
    streamEnded: (operation, { reason, events, durationMs }) => {
      const isFailure = reason !== 'completed' && reason !== 'left' && reason !== RECONNECT
      if (!isFailure && (lines === 'slow' || !isSampled())) return
      const fields = { ...operationFields(operation, subjectOf), reason, events, durationMs: rounded(durationMs) }
      log[isFailure ? 'warn' : 'info'](fields, 'subscription ended')
    },
  }
}

function refusedFields(request: RefusedRequest, subjectOf: Subjects): object {
  const { via, status, code, method, principal, address, origin } = request
  return {
    via,
    method,
    status,
    codes: [code],
    principal: subjectOf(principal),
    // Who is nobody is known by its address alone: as much of it as of a subject.
    address: principal === ANONYMOUS ? subjectOf({ ...ANONYMOUS, subject: address }) : undefined,
    client: origin?.clientName,
    clientVersion: origin?.clientVersion,
  }
}

function operationFields(operation: LoggedOperation, subjectOf: Subjects): object {
  const { kind, name, hash, documentId, cost, principal, origin, traceId } = operation
  // What is undefined has no place in a line.
  return {
    operation: name?.slice(0, limits.clientNameCharactersMax),
    kind,
    document: hash(),
    documentId: documentId?.slice(0, limits.clientNameCharactersMax),
    cost,
    principal: principal === undefined ? undefined : subjectOf(principal),
    client: origin?.clientName,
    clientVersion: origin?.clientVersion,
    traceId,
  }
}

function answerFields({ outcome, durationMs, codes, planMs, planCached, fetches, slowest }: LoggedAnswer): object {
  return {
    outcome,
    codes: codes.length === 0 ? undefined : [...new Set(codes)].slice(0, limits.requestLogCodesMax),
    errors: codes.length === 0 ? undefined : codes.length,
    durationMs: rounded(durationMs),
    planMs: planMs === undefined ? undefined : rounded(planMs),
    planCached,
    fetches,
    slowest: slowest === undefined ? undefined : { subgraph: slowest.subgraph, ms: rounded(slowest.ms) },
  }
}

/** Microseconds say nothing in a line. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}

type Subjects = (principal: Principal) => string | undefined

function subjects(config: RequestLogConfig, key: Uint8Array): Subjects {
  if (config.principal === 'off') return () => undefined
  const { clientNameCharactersMax } = limits
  if (config.principal === 'plain') {
    return (principal) => (principal === ANONYMOUS ? undefined : principal.subject.slice(0, clientNameCharactersMax))
  }
  const known = new WeakMap<Principal, string>()
  return (principal) => {
    if (principal === ANONYMOUS) return undefined
    const hashed = known.get(principal) ?? hashOf(principal.subject, key)
    known.set(principal, hashed)
    return hashed
  }
}

/** Keyed: names and numbers of customers are few enough to try them all. */
function hashOf(subject: string, key: Uint8Array): string {
  return createHmac('sha256', key).update(`request log\n${subject}`).digest('base64url').slice(0, HASH_CHARACTERS)
}
