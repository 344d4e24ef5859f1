// The tracer on OpenTelemetry: spans batched in bounded memory and sent as OTLP/HTTP JSON. Loaded only where a collector is configured. A
// collector that is away costs spans and a line in the log now and then, nothing else.
import {
  createTraceState,
  ROOT_CONTEXT,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span as OtelSpan,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import packageFile from '../../package.json' with { type: 'json' }
import { limits } from '../limits.ts'
import type { TracingConfig } from '../operating-config.ts'
import type { Clock } from '../ports/clock.ts'
import { ToldFailures } from './told-failures.ts'
import {
  parseTraceParent,
  type Span,
  type SpanAttributes,
  type SpanKind,
  type SpanStart,
  type Tracer,
} from './tracer.ts'

interface Ports {
  readonly clock: Clock
  readonly logger: Logger
}

export function createOpenTelemetryTracer(config: TracingConfig, ports: Ports): Tracer {
  const url = `${config.endpoint.replace(/\/+$/, '')}/v1/traces`
  const lost = tellLost(url, ports)
  const exporter = new OTLPTraceExporter({
    url,
    headers: { ...config.headers },
    timeoutMillis: limits.traceExportTimeoutMs,
    concurrencyLimit: limits.traceExportsInFlightMax,
  })
  const provider = new TracerProvider({
    sampler: samplerOf(config),
    resource: resourceFromAttributes({
      ...config.resourceAttributes,
      'service.name': config.serviceName,
      'service.version': packageFile.version,
      'process.pid': process.pid,
    }),
    spanLimits: {
      attributeCountLimit: limits.spanAttributesMax,
      attributeValueLengthLimit: limits.spanTextCharactersMax,
    },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: toldExporter(exporter, lost),
        maxQueueSize: limits.traceSpansQueuedMax,
        maxExportBatchSize: limits.traceSpansPerExportMax,
        scheduledDelayMillis: limits.traceExportIntervalMs,
        exportTimeoutMillis: limits.traceExportTimeoutMs,
      }),
    ],
  })
  const tracer = provider.getTracer('meshgate', packageFile.version)
  return {
    start: (name, { kind, parent, links = [], attributes = {} }) =>
      new OpenTelemetrySpan(
        tracer.startSpan(
          name,
          { kind: KINDS[kind], attributes, links: links.flatMap((link) => linkTo(link)) },
          contextOf(parent),
        ),
      ),
    close: () => shutDown(provider, lost),
  }
}

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  internal: OtelKind.INTERNAL,
  consumer: OtelKind.CONSUMER,
}

class OpenTelemetrySpan implements Span {
  readonly span: OtelSpan
  readonly context: Context

  constructor(span: OtelSpan) {
    this.span = span
    this.context = trace.setSpan(ROOT_CONTEXT, span)
  }

  get traceId(): string {
    return this.span.spanContext().traceId
  }

  get isRecorded(): boolean {
    return this.span.isRecording()
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.span.spanContext()
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
  }

  get tracestate(): string | undefined {
    return this.span.spanContext().traceState?.serialize()
  }

  rename(name: string): void {
    this.span.updateName(name)
  }

  set(attributes: SpanAttributes): void {
    this.span.setAttributes(attributes)
  }

  end(error?: string): void {
    if (error !== undefined) this.span.setStatus({ code: SpanStatusCode.ERROR, message: error })
    this.span.end()
  }
}

function contextOf(parent: SpanStart['parent']): Context {
  if (parent === undefined) return ROOT_CONTEXT
  if (parent instanceof OpenTelemetrySpan) return parent.context
  const parsed = parseTraceParent(parent.traceparent)
  if (parsed === null) return ROOT_CONTEXT
  const { traceId, spanId, flags } = parsed
  const state = parent.tracestate === undefined ? {} : { traceState: createTraceState(parent.tracestate) }
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: flags & 1, isRemote: true, ...state })
}

function linkTo(span: Span): { context: ReturnType<OtelSpan['spanContext']> }[] {
  return span instanceof OpenTelemetrySpan ? [{ context: span.span.spanContext() }] : []
}

function samplerOf({ sampler, samplerRatio }: TracingConfig): Sampler {
  const root = rootSampler(sampler.replace(/^parentbased_/, ''), samplerRatio)
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}

function rootSampler(name: string, ratio: number): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler()
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler()
}

/** What cannot be sent is told of now and then, with how often it happened. */
function tellLost(url: string, { clock, logger }: Ports): (reason: string | undefined) => void {
  const told = new ToldFailures(clock)
  return (reason) => {
    const failedSince = told.next('export')
    if (failedSince === null) return
    logger.warn({ reason, failedSince }, `Traces cannot be sent to ${url}: they are lost. Requests go on.`)
  }
}

function toldExporter(exporter: SpanExporter, lost: (reason: string | undefined) => void): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.code !== 0) lost(result.error?.message)
        // OpenTelemetry would tell of it as well, each time.
        done({ code: 0 })
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
}

/** A collector that is away must not hold up the end. */
async function shutDown(provider: TracerProvider, lost: (reason: string) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, limits.traceFlushMsMax, 'late')))
  const ended = await Promise.race([provider.shutdown().catch(() => undefined), late])
  clearTimeout(timer)
  if (ended === 'late') lost(`the last were not taken in ${limits.traceFlushMsMax} ms`)
}
