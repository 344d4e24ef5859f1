// The part of the configuration that says where the supergraph comes from, how a role stops, and what is logged and traced of requests.
import { invariant } from './errors.ts'
import {
  REQUEST_LOG_SETTINGS,
  SUPERGRAPH_SETTINGS,
  TRACING_SETTINGS,
  type PRINCIPAL_LOGS,
  type REQUEST_LOGS,
  type TRACE_SAMPLERS,
} from './operating-settings.ts'
import type { Setting } from './setting.ts'

export interface OperatingConfig {
  /** Null: named by the command's option. */
  readonly supergraph: string | null
  readonly supergraphToken: string | null
  /** File that keeps the last good one of a URL. Null: none does. */
  readonly supergraphCopy: string | null
  readonly drainDelayMs: number
  readonly requestLog: RequestLogConfig
  /** Null: nothing is traced. */
  readonly tracing: TracingConfig | null
}

export interface RequestLogConfig {
  readonly lines: (typeof REQUEST_LOGS)[number]
  readonly slowMs: number
  /** From 0 to 1. */
  readonly sample: number
  readonly principal: (typeof PRINCIPAL_LOGS)[number]
}

export interface TracingConfig {
  /** Of the collector, without `/v1/traces`. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly resourceAttributes: Readonly<Record<string, string>>
  readonly sampler: (typeof TRACE_SAMPLERS)[number]
  /** From 0 to 1. */
  readonly samplerRatio: number
  /** From 0 to 1. */
  readonly eventRatio: number
}

type Read = <T>(setting: Setting<T>) => T | null

/** Null when `problems` has been told what is wrong. */
export function readOperating(read: Read, problems: readonly string[]): OperatingConfig | null {
  const known = problems.length
  const supergraph = read(SUPERGRAPH_SETTINGS.supergraph)
  const supergraphToken = read(SUPERGRAPH_SETTINGS.supergraphToken)
  const supergraphCopy = read(SUPERGRAPH_SETTINGS.supergraphCopy)
  const drainDelayMs = read(SUPERGRAPH_SETTINGS.drainDelayMs)
  const lines = read(REQUEST_LOG_SETTINGS.requestLogLines)
  const slowMs = read(REQUEST_LOG_SETTINGS.requestLogSlowMs)
  const sample = read(REQUEST_LOG_SETTINGS.requestLogSample)
  const principal = read(REQUEST_LOG_SETTINGS.requestLogPrincipal)
  const tracing = readTracing(read)
  if (problems.length > known) return null
  invariant(drainDelayMs !== null && lines !== null && slowMs !== null, 'a setting has a default')
  invariant(sample !== null && principal !== null, 'a setting has a default')
  const requestLog = { lines, slowMs, sample, principal }
  return { supergraph, supergraphToken, supergraphCopy, drainDelayMs, requestLog, tracing }
}

function readTracing(read: Read): TracingConfig | null {
  const endpoint = read(TRACING_SETTINGS.tracingEndpoint)
  const headers = read(TRACING_SETTINGS.tracingHeaders) ?? {}
  const serviceName = read(TRACING_SETTINGS.tracingServiceName)
  const resourceAttributes = read(TRACING_SETTINGS.tracingResourceAttributes) ?? {}
  const sampler = read(TRACING_SETTINGS.tracingSampler)
  const samplerRatio = read(TRACING_SETTINGS.tracingSamplerArg)
  const eventRatio = read(TRACING_SETTINGS.tracingEventRatio)
  if (endpoint === null || serviceName === null || sampler === null) return null
  if (samplerRatio === null || eventRatio === null) return null
  return { endpoint, headers, serviceName, resourceAttributes, sampler, samplerRatio, eventRatio }
}
