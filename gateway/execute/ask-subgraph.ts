// One request to a subgraph and the reading of its answer, which is not trusted to have any shape.
import { MeshgateError } from '../../platform/errors.ts'
import type { TraceParent } from '../../platform/telemetry/tracer.ts'
import type { SubgraphEndpoint, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import type { Fetch, Plan } from '../plan/plan.ts'
import type { Gathering } from './gathering.ts'
import { copyData, isObject, type DataObject } from './plain-object.ts'

export interface ReadResponse {
  /** Null where the subgraph has no data, only errors. */
  readonly data: DataObject | null
  readonly errors: readonly unknown[]
}

export interface CompiledRequest {
  readonly service: string
  readonly query: string
  /** `{"query":…,"variables":{`: what all requests of the fetch begin with. */
  readonly opening: string
  readonly variables: readonly { readonly name: string; readonly opening: string }[]
  readonly isMutation: boolean
  /** A lookup of a mutation sees what the mutation did: it joins no request of others. */
  readonly isAfterMutation: boolean
  /** Entities are linked to objects of its answer: what may be shared is copied first. */
  readonly isWrittenTo: boolean
  /** The answer's bytes are the response's where the subgraph is ours and says so. */
  readonly mayPassThrough: boolean
}

/** Representations as JSON lists, by their variable. */
export type RepresentationLists = readonly { readonly variable: string; readonly list: string }[]

export function compileRequest(plan: Plan, fetch: Fetch, isWrittenTo: boolean): CompiledRequest {
  return {
    service: fetch.service,
    query: fetch.query,
    opening: `{"query":${JSON.stringify(fetch.query)},"variables":{`,
    variables: fetch.variables.map((name) => ({ name, opening: `${JSON.stringify(name)}:` })),
    isMutation: plan.operation === 'mutation' && fetch.lookups.length === 0,
    isAfterMutation: plan.operation === 'mutation' && fetch.lookups.length > 0,
    isWrittenTo,
    mayPassThrough: plan.passthrough,
  }
}

/** Rejects as the endpoint does, and with SUBGRAPH_PROTOCOL where the answer is no GraphQL response. Null: it passes through. */
export async function askSubgraph(
  gathering: Gathering,
  request: CompiledRequest,
  representations: RepresentationLists,
): Promise<ReadResponse | null> {
  const { watch } = gathering.request
  if (watch === undefined) return ask(gathering, request, { representations, trace: undefined })
  const kind = request.isMutation ? 'mutation' : representations.length > 0 ? 'lookup' : 'query'
  const watched = watch.fetch({ subgraph: request.service, kind, lookups: representations.length })
  try {
    const read = await ask(gathering, request, { representations, trace: watched.trace })
    watched.ended({ errors: read?.errors.length ?? 0, failure: null })
    return read
  } catch (failure) {
    watched.ended({ errors: 0, failure })
    throw failure
  }
}

interface Asking {
  readonly representations: RepresentationLists
  readonly trace: TraceParent | undefined
}

async function ask(
  gathering: Gathering,
  request: CompiledRequest,
  { representations, trace }: Asking,
): Promise<ReadResponse | null> {
  const endpoint = gathering.endpoints.get(request.service)
  if (endpoint === undefined) {
    throw new MeshgateError('SUBGRAPH_UNAVAILABLE', `No endpoint is configured for subgraph "${request.service}".`)
  }
  gathering.request.signal?.throwIfAborted()
  if (endpoint.exchange !== undefined) return exchange(gathering, request, { endpoint, representations, trace })
  gathering.isClean = false
  const { principal, signal, headers } = gathering.request
  const variables = selectVariables(request, gathering.variables)
  for (const { variable, list } of representations) variables[variable] = JSON.parse(list)
  const response = await endpoint.execute({
    query: request.query,
    variables,
    principal,
    ...(signal === undefined ? {} : { signal }),
    ...(headers === undefined ? {} : { headers }),
  })
  const read = readResponse(response, request.service)
  const isCopied = request.isWrittenTo && endpoint.answersAreOwn !== true
  return isCopied ? { ...read, data: copyData(read.data) as DataObject | null } : read
}

async function exchange(
  gathering: Gathering,
  request: CompiledRequest,
  { endpoint, representations, trace }: Asking & { readonly endpoint: SubgraphEndpoint },
): Promise<ReadResponse | null> {
  const { principal, signal, headers, arrival } = gathering.request
  const response = await endpoint.exchange?.({
    body: writeBody(gathering, request, representations),
    isMutation: request.isMutation,
    isAfterMutation: request.isAfterMutation,
    principal,
    arrival,
    ...(trace === undefined ? {} : { trace }),
    ...(signal === undefined ? {} : { signal }),
    ...(headers === undefined ? {} : { headers }),
  })
  if (response === undefined) throw notGraphql(request.service)
  if (response.isWhole && request.mayPassThrough && gathering.mayBeWhole) {
    gathering.whole = response.bytes
    return null
  }
  // What JSON has to escape is escaped by a backslash; what UTF-8 cannot hold, halves of surrogate pairs, too.
  if (gathering.isClean && response.bytes.includes(BACKSLASH)) gathering.isClean = false
  return readResponse(parseBytes(response.bytes, request.service), request.service)
}

const BACKSLASH = 0x5c

function writeBody({ variables }: Gathering, request: CompiledRequest, representations: RepresentationLists): string {
  let body = request.opening
  let comma = ''
  for (const { name, opening } of request.variables) {
    if (!Object.hasOwn(variables, name)) continue
    body += `${comma}${opening}${JSON.stringify(variables[name])}`
    comma = ','
  }
  for (const { variable, list } of representations) {
    body += `${comma}"${variable}":${list}`
    comma = ','
  }
  return `${body}}}`
}

/** Those given and used. What the client left out stays left out: defaults are the subgraph's to apply. */
export function selectVariables(
  request: Pick<CompiledRequest, 'variables'>,
  given: Readonly<Record<string, unknown>>,
): DataObject {
  const selected: DataObject = {}
  for (const { name } of request.variables) if (Object.hasOwn(given, name)) selected[name] = given[name]
  return selected
}

function parseBytes(bytes: Uint8Array, service: string): SubgraphResponse {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch (error) {
    throw notGraphql(service, error)
  }
}

export function readResponse(response: SubgraphResponse, service: string): ReadResponse {
  const { data, errors }: { data?: unknown; errors?: unknown } = isObject(response) ? response : {}
  const reported = Array.isArray(errors) ? errors : []
  if (isObject(data)) return { data, errors: reported }
  if ((data === null || data === undefined) && reported.length > 0) return { data: null, errors: reported }
  throw notGraphql(service)
}

function notGraphql(service: string, cause?: unknown): MeshgateError {
  return new MeshgateError('SUBGRAPH_PROTOCOL', `Subgraph "${service}" answered with neither data nor errors.`, cause)
}
