// What the rest of Meshgate knows of traces: spans that begin, say something and end. Who exports them is behind it, and is loaded only where
// a collector is configured; without one there is no tracer at all. Nothing here throws, waits, or fails a request.
import type { TracingConfig } from '../operating-config.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from 'pino'

/** W3C Trace Context, as it goes over wires. */
export interface TraceParent {
  readonly traceparent: string
  readonly tracestate?: string | undefined
}

export type SpanKind = 'server' | 'client' | 'internal' | 'consumer'
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

export interface SpanStart {
  readonly kind: SpanKind
  /** Another of this process, or what a client has sent. Absent: a trace begins. */
  readonly parent?: Span | TraceParent | undefined
  readonly links?: readonly Span[]
  readonly attributes?: SpanAttributes
}

export interface Span extends TraceParent {
  readonly traceId: string
  /** False where the sampler has left it out: what is said of it goes nowhere. */
  readonly isRecorded: boolean
  rename(name: string): void
  set(attributes: SpanAttributes): void
  /** `error`: it failed, and how. */
  end(error?: string): void
}

export interface Tracer {
  start(name: string, options: SpanStart): Span
  /** Sends what has ended, for a bounded time. */
  close(): Promise<void>
}

/** Null where nothing is configured: then nothing is loaded either. */
export async function openTracer(
  config: TracingConfig | null,
  ports: { readonly clock: Clock; readonly logger: Logger },
): Promise<Tracer | null> {
  if (config === null) return null
  const { createOpenTelemetryTracer } = await import('./open-telemetry-tracer.ts')
  return createOpenTelemetryTracer(config, ports)
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/
/** The specification asks for 512 characters to be handed on; longer ones may be dropped. */
const TRACESTATE_CHARACTERS_MAX = 512

export interface ParsedTraceParent {
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
}

/** Null where it is none: a trace then begins here. */
export function parseTraceParent(text: string): ParsedTraceParent | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text) ?? []
  if (traceId === undefined || spanId === undefined) return null
  // Version 00 has nothing behind the flags.
  if (text.startsWith('00') && text.length !== 55) return null
  return { traceId, spanId, flags: Number.parseInt(flags ?? '0', 16) }
}

/** What of two headers, or of a payload's extensions, is a trace's context; undefined where nothing is. */
export function readTraceParent(traceparent: unknown, tracestate: unknown): TraceParent | undefined {
  if (typeof traceparent !== 'string' || parseTraceParent(traceparent) === null) return undefined
  const state =
    typeof tracestate === 'string' && tracestate.length <= TRACESTATE_CHARACTERS_MAX ? tracestate : undefined
  return { traceparent, tracestate: state !== undefined && /^[\x20-\x7e]+$/.test(state) ? state : undefined }
}
