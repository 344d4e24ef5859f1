// One client's operation from its arrival to its answer, or to the end of its stream: what the request log and traces say of it.
import { createHash } from 'node:crypto'
import type { Clock } from '../../platform/ports/clock.ts'
import type { Span, TraceParent, Tracer } from '../../platform/telemetry/tracer.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { parseTraceParent } from '../../platform/telemetry/tracer.ts'
import type { EngineRequest, ReadyOperation, ResultStream } from '../engine-contract.ts'
import type { SelectedOperation } from '../plan/operation.ts'
import type { EventWatch, FetchAsked, FetchWatch, OperationWatch } from './operation-watch.ts'
import type { LoggedOperation, Outcome, RequestLog } from './request-log.ts'
import { watchStream } from './watched-stream.ts'

export interface RecordPorts {
  readonly log: RequestLog | null
  readonly tracer: Tracer | null
  readonly clock: Clock
  /** Part of the events of a traced subscription with a span. */
  readonly eventRatio: number
  readonly random: () => number
}

/** Of a document that is kept: hashed once. */
const hashes = new WeakMap<SelectedOperation, string>()

export class OperationRecord implements OperationWatch {
  readonly #request: EngineRequest
  readonly #ports: RecordPorts
  readonly #sinceMs: number
  readonly #span: Span | undefined
  #planSpan: Span | undefined
  #operation: ReadyOperation | null = null
  #planMs: number | undefined
  #planCached: boolean | undefined
  #fetches = 0
  #slowest: { readonly subgraph: string; readonly ms: number } | undefined

  constructor(request: EngineRequest, ports: RecordPorts) {
    this.#request = request
    this.#ports = ports
    this.#sinceMs = ports.clock.monotonic()
    this.#span = ports.tracer?.start('graphql', { kind: 'server', parent: request.origin?.trace })
    this.#planSpan = childOf(ports, this.#span, 'plan')
  }

  /** Without a tracer the client's own context goes on to subgraphs. */
  get trace(): TraceParent | undefined {
    return this.#span ?? this.#request.origin?.trace
  }

  planned(isCached: boolean): void {
    this.#planMs = this.#ports.clock.monotonic() - this.#sinceMs
    this.#planCached = isCached
    this.#planSpan?.set({ 'meshgate.plan.cached': isCached })
    this.#planSpan?.end()
    this.#planSpan = undefined
  }

  prepared(operation: ReadyOperation): void {
    this.#operation = operation
    if (this.#span?.isRecorded !== true) return
    const [name, hash] = [nameOf(operation), this.#hash()]
    const { documentId } = this.#request
    this.#span.rename(operation.kind)
    this.#span.set({
      'graphql.operation.type': operation.kind,
      ...(name === undefined ? {} : { 'graphql.operation.name': name }),
      ...(hash === undefined ? {} : { 'meshgate.document.sha256': hash }),
      ...(documentId === undefined ? {} : { 'meshgate.document.id': documentId }),
    })
  }

  fetch(asked: FetchAsked): FetchWatch {
    this.#fetches += 1
    const sinceMs = this.#ports.clock.monotonic()
    const span = fetchSpan(this.#ports, this.#span, asked)
    return {
      trace: span ?? this.#request.origin?.trace,
      ended: (outcome) => {
        const ms = this.#ports.clock.monotonic() - sinceMs
        if (this.#slowest === undefined || ms > this.#slowest.ms) this.#slowest = { subgraph: asked.subgraph, ms }
        if (span !== undefined) endFetch(span, outcome)
      },
    }
  }

  event(): EventWatch | undefined {
    const { tracer, random, eventRatio } = this.#ports
    const span = this.#span
    if (tracer === null || span?.isRecorded !== true || random() >= eventRatio) return undefined
    const name = this.#operation === null ? undefined : nameOf(this.#operation)
    const attributes = name === undefined ? {} : { 'graphql.operation.name': name }
    return new EventRecord(tracer.start('event', { kind: 'consumer', links: [span], attributes }), this.#ports)
  }

  /** Of a subscription: it is established, or refused. */
  ended(outcome: Outcome, codes: readonly string[]): void {
    const durationMs = this.#ports.clock.monotonic() - this.#sinceMs
    this.#planSpan?.end(outcome === 'refused' ? 'refused' : undefined)
    this.#endSpan(outcome, codes)
    this.#ports.log?.answered(this.#logged(), {
      outcome,
      durationMs,
      codes,
      planMs: this.#planMs,
      planCached: this.#planCached,
      fetches: this.#fetches,
      slowest: this.#slowest,
    })
  }

  /** A line when it has ended. */
  streams(stream: ResultStream): ResultStream {
    const { log, clock } = this.#ports
    if (log === null) return stream
    const sinceMs = clock.monotonic()
    return watchStream(stream, this.#request.signal, (reason, events) =>
      log.streamEnded(this.#logged(), { reason, events, durationMs: clock.monotonic() - sinceMs }),
    )
  }

  #endSpan(outcome: Outcome, codes: readonly string[]): void {
    const span = this.#span
    if (span === undefined) return
    if (span.isRecorded) {
      span.set({ 'meshgate.outcome': outcome, 'meshgate.fetches': this.#fetches })
      if (codes.length > 0) span.set({ 'meshgate.errors': codes.length, 'error.type': codes[0] ?? 'UNKNOWN' })
    }
    span.end(codes.length > 0 ? codes[0] : undefined)
  }

  #logged(): LoggedOperation {
    const { principal, origin } = this.#request
    const operation = this.#operation
    return {
      kind: operation?.kind ?? 'unknown',
      name: operation === null ? this.#request.operationName : nameOf(operation),
      hash: () => this.#hash(),
      documentId: this.#request.documentId,
      cost: operation?.cost,
      principal,
      origin,
      traceId: this.#span?.traceId ?? (origin?.trace && parseTraceParent(origin.trace.traceparent)?.traceId),
    }
  }

  #hash(): string | undefined {
    const selected = this.#operation?.prepared.selected
    const known = selected === undefined ? undefined : hashes.get(selected)
    if (known !== undefined) return known
    const text = this.#operation?.query ?? this.#request.query
    // What it stands for is not known here.
    if (text === '') return undefined
    const hash = createHash('sha256').update(text).digest('hex')
    if (selected !== undefined) hashes.set(selected, hash)
    return hash
  }
}

/** An event's own span, and those of its fetches below it. */
class EventRecord implements EventWatch {
  readonly #span: Span
  readonly #ports: RecordPorts

  constructor(span: Span, ports: RecordPorts) {
    this.#span = span
    this.#ports = ports
  }

  get trace(): TraceParent {
    return this.#span
  }

  planned(): void {
    // It was planned with its subscription.
  }

  fetch(asked: FetchAsked): FetchWatch {
    const span = fetchSpan(this.#ports, this.#span, asked)
    return {
      trace: span,
      ended: (outcome) => {
        if (span !== undefined) endFetch(span, outcome)
      },
    }
  }

  event(): undefined {
    return undefined
  }

  joined(): void {
    this.#span.end()
  }
}

function childOf({ tracer }: RecordPorts, parent: Span | undefined, name: string): Span | undefined {
  return parent?.isRecorded === true ? tracer?.start(name, { kind: 'internal', parent }) : undefined
}

/** Of what is not recorded there is none, but its context still goes on: the subgraph is to leave it out too. */
function fetchSpan({ tracer }: RecordPorts, parent: Span | undefined, asked: FetchAsked): Span | undefined {
  if (parent?.isRecorded !== true) return parent
  const attributes = {
    'meshgate.subgraph': asked.subgraph,
    'meshgate.fetch.kind': asked.kind,
    ...(asked.lookups === 0 ? {} : { 'meshgate.fetch.lookups': asked.lookups }),
  }
  return tracer?.start(`fetch ${asked.subgraph}`, { kind: 'client', parent, attributes })
}

function endFetch(span: Span, { errors, failure }: Parameters<FetchWatch['ended']>[0]): void {
  if (!span.isRecorded) return
  const code = failure === null ? null : failure instanceof MeshgateError ? failure.code : 'UNKNOWN'
  if (errors > 0) span.set({ 'meshgate.subgraph.errors': errors })
  if (code !== null) span.set({ 'error.type': code })
  span.end(code ?? (errors > 0 ? 'SUBGRAPH_ERROR' : undefined))
}

/** A plan's key begins with it: the document of a large operation is not parsed for its name. */
function nameOf({ prepared }: ReadyOperation): string | undefined {
  const end = prepared.key.indexOf('\n')
  return end > 0 ? prepared.key.slice(0, end) : undefined
}
