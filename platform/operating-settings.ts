// The settings of what makes a gateway easy to run: where the supergraph comes from, how it stops, the request log, traces. Those of
// OpenTelemetry have the names that it gives them.
import { invalid, ok, readOneOf, readText, setting, type Reading } from './setting.ts'

export const REQUEST_LOGS = ['off', 'slow', 'all'] as const
export const PRINCIPAL_LOGS = ['off', 'hashed', 'plain'] as const
export const TRACE_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** A minute and a half: longer than any load balancer takes to look again. */
const DRAIN_DELAY_MS_MAX = 90_000
/** An hour: what takes longer is no request. */
const SLOW_MS_MAX = 3_600_000

function readMilliseconds(max: number, example: string): (text: string) => Reading<number> {
  return (text) => {
    const value = /^\d{1,7}$/.test(text.trim()) ? Number(text) : -1
    return value >= 0 && value <= max ? ok(value) : invalid(`milliseconds from 0 to ${max}, for example ${example}`)
  }
}

function readRatio(text: string): Reading<number> {
  const value = /^\s*\d*\.?\d+\s*$/.test(text) ? Number(text) : -1
  return value >= 0 && value <= 1 ? ok(value) : invalid('a number from 0 to 1, for example 0.05')
}

function readEndpoint(text: string): Reading<string> {
  return ['http:', 'https:'].includes(URL.parse(text.trim())?.protocol ?? '')
    ? ok(text.trim())
    : invalid('a URL of http or https, for example http://collector:4318')
}

/** As OpenTelemetry writes lists of names and values: percent-encoded, commas between them. */
function readPairs(text: string): Reading<Readonly<Record<string, string>>> {
  const pairs = text.split(',').map((pair) => /^\s*([^=\s]+)\s*=(.*)$/.exec(pair))
  try {
    const entries = pairs.map((pair) => [pair?.[1] ?? '', decodeURIComponent((pair?.[2] ?? '').trim())] as const)
    return pairs.includes(null) ? wrongPairs() : ok(Object.fromEntries(entries))
  } catch {
    return wrongPairs()
  }
}

function wrongPairs(): Reading<Readonly<Record<string, string>>> {
  return invalid('NAME=value with commas between them, percent-encoded, for example deployment.environment.name=test')
}

export const SUPERGRAPH_SETTINGS = {
  supergraph: setting(
    'MESHGATE_SUPERGRAPH',
    {
      defaultText: null,
      meaning:
        'The supergraph that `meshgate gateway` serves: a file, or a URL of http or https. Both are looked at again and again, and a new supergraph that can be served replaces the old between two requests. `-s` of the command wins.',
    },
    readText,
  ),
  supergraphToken: setting(
    'MESHGATE_SUPERGRAPH_TOKEN',
    {
      defaultText: null,
      meaning: 'What is sent to the URL of the supergraph as `Authorization: Bearer …`. Unset: nothing.',
      secret: true,
    },
    readText,
  ),
  supergraphCopy: setting(
    'MESHGATE_SUPERGRAPH_COPY',
    {
      defaultText: null,
      meaning:
        'File in which the supergraph of a URL is kept once it is served. A gateway that is started while the URL does not answer serves it, says so in `/health/ready` and the log, and goes on asking. Unset: it waits.',
    },
    readText,
  ),
  drainDelayMs: setting(
    'MESHGATE_DRAIN_DELAY_MS',
    {
      defaultText: '0',
      meaning:
        'Milliseconds between a signal to stop, from which on `/health/ready` answers 503, and the moment when a role takes no more requests: as long as a load balancer takes to look again and let go.',
    },
    readMilliseconds(DRAIN_DELAY_MS_MAX, '10000'),
  ),
} as const

export const REQUEST_LOG_SETTINGS = {
  requestLogLines: setting(
    'MESHGATE_REQUEST_LOG',
    {
      defaultText: 'slow',
      meaning:
        "Operations of clients that the gateway writes a line about: `off`: none. `slow`: those that took long, and those in which the gateway failed. `all`: every one, and each subscription's start and end. Never values of variables, never literals.",
    },
    readOneOf(REQUEST_LOGS),
  ),
  requestLogSlowMs: setting(
    'MESHGATE_REQUEST_LOG_SLOW_MS',
    { defaultText: '1000', meaning: 'Milliseconds from which on an operation took long.' },
    readMilliseconds(SLOW_MS_MAX, '250'),
  ),
  requestLogSample: setting(
    'MESHGATE_REQUEST_LOG_SAMPLE',
    {
      defaultText: '1',
      meaning:
        'Part of the operations with a line under `all`, from 0 to 1, of those that are neither slow nor failed: these always have one.',
    },
    readRatio,
  ),
  requestLogPrincipal: setting(
    'MESHGATE_REQUEST_LOG_PRINCIPAL',
    {
      defaultText: 'hashed',
      meaning:
        "What a line says of who asked: `off`: nothing. `hashed`: a keyed hash of the subject, equal in all processes that share MESHGATE_CURSOR_KEY, and else within one process. `plain`: the subject as the token has it, which may be a person's name.",
    },
    readOneOf(PRINCIPAL_LOGS),
  ),
} as const

export const TRACING_SETTINGS = {
  tracingEndpoint: setting(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    {
      defaultText: null,
      meaning:
        'Where traces go: the URL of an OpenTelemetry collector that takes OTLP over HTTP (`/v1/traces` is added). Unset: nothing is traced, and no code for it is loaded.',
    },
    readEndpoint,
  ),
  tracingHeaders: setting(
    'OTEL_EXPORTER_OTLP_HEADERS',
    {
      defaultText: null,
      meaning: 'Headers of what is sent there: `NAME=value`, commas between them.',
      secret: true,
    },
    readPairs,
  ),
  tracingServiceName: setting(
    'OTEL_SERVICE_NAME',
    { defaultText: 'meshgate', meaning: 'What traces call this process.' },
    readText,
  ),
  tracingResourceAttributes: setting(
    'OTEL_RESOURCE_ATTRIBUTES',
    { defaultText: null, meaning: 'What traces say of this process: `NAME=value`, commas between them.' },
    readPairs,
  ),
  tracingSampler: setting(
    'OTEL_TRACES_SAMPLER',
    {
      defaultText: 'parentbased_always_on',
      meaning: `Which operations are traced: ${TRACE_SAMPLERS.join(', ')}. \`parentbased_\`: as the client's \`traceparent\` says, where it sent one.`,
    },
    readOneOf(TRACE_SAMPLERS),
  ),
  tracingSamplerArg: setting(
    'OTEL_TRACES_SAMPLER_ARG',
    { defaultText: '1', meaning: 'Part of the operations that a sampler with `traceidratio` traces, from 0 to 1.' },
    readRatio,
  ),
  tracingEventRatio: setting(
    'MESHGATE_TRACE_EVENT_RATIO',
    {
      defaultText: '0.01',
      meaning:
        'Part of the events of traced subscriptions with a span of their own, from 0 to 1: a stream has any number of them.',
    },
    readRatio,
  ),
} as const
