// Compiles a plan once for as often as its operation is asked: how its fetches run, and how the response is made of what they gathered.
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql'
import type { FetchId, Plan, Position } from '../plan/plan.ts'
import { readResponse, selectVariables, type ReadResponse } from './ask-subgraph.ts'
import {
  absorbRoot,
  compileLookupFetch,
  compileRootFetch,
  type FetchContext,
  type StartFetch,
} from './compile-fetch.ts'
import { errorsInResponse } from './errors-in-response.ts'
import type { Gathering } from './gathering.ts'
import { copyData, type DataObject } from './plain-object.ts'
import { compileProjector } from './project-response.ts'
import { reportIncidents } from './report-incidents.ts'
import { compileRun, type RunFetches } from './run-fetches.ts'
import { positionAt } from './walk-route.ts'
import { compileWriter, type WriteResponse } from './write-response.ts'

export interface CompiledOperation {
  readonly run: RunFetches
  /** Where a subscription's events come from; their data is given to `absorb` before `run`. */
  readonly source: CompiledSource | null
  /** Subgraphs that it asks. */
  readonly services: readonly string[]
  /** The response as an object. Never fails. */
  readonly project: (gathering: Gathering, introspection: DataObject) => ProjectedResponse
  /** The response's data as JSON; undefined where anything is amiss and `project` has to look at it. */
  readonly write: WriteResponse
  /** Where fields stand that whoever asks may not see; empty for most. */
  readonly denied: readonly (readonly string[])[]
  /** Nothing of it may be asked: `run` asks nobody, and there is no data. */
  readonly isRefused: boolean
}

export interface ProjectedResponse {
  readonly data: DataObject | null
  readonly errors: readonly GraphQLFormattedError[]
}

export interface CompiledSource {
  readonly service: string
  readonly query: string
  readonly variables: (given: Readonly<Record<string, unknown>>) => DataObject
  /** Rejects an event that is no GraphQL response with SUBGRAPH_PROTOCOL. */
  readonly absorb: (gathering: Gathering, event: Parameters<typeof readResponse>[0]) => void
}

export function compileOperation(plan: Plan, schema: GraphQLSchema): CompiledOperation {
  const { denied = [] } = plan
  if (plan.isRefused === true) return { ...REFUSED, denied }
  const starts = new Set<number>()
  const context: FetchContext = { plan, writtenTo: fetchesWrittenTo(plan), starts }
  const fetches = plan.fetches.map((fetch, id): StartFetch => {
    if (fetch.lookups.length === 0) return compileRootFetch(context, id, fetch)
    const { start, startsAt } = compileLookupFetch(context, id, fetch)
    for (const link of startsAt) starts.add(link)
    return start
  })
  const project = compileProjector({ plan, schema })
  const write = compileWriter(plan, schema)
  const isSubscription = plan.operation === 'subscription'
  return {
    run: compileRun(plan, fetches, new Set(isSubscription ? [0] : [])),
    source: isSubscription ? compileSource(context) : null,
    services: [...new Set(plan.fetches.map(({ service }) => service))],
    write,
    denied,
    isRefused: false,
    project: (gathering, introspection) => {
      const { errors, coveredPaths } = reportIncidents(plan, gathering)
      const data = project(gathering, { errors, coveredPaths, introspection })
      return { data, errors: errorsInResponse(errors, data) }
    },
  }
}

const REFUSED: CompiledOperation = {
  run: async () => undefined,
  source: null,
  services: [],
  project: () => ({ data: null, errors: [] }),
  write: () => 'null',
  denied: [],
  isRefused: true,
}

function compileSource({ plan, writtenTo }: FetchContext): CompiledSource | null {
  const [fetch] = plan.fetches
  if (fetch === undefined) return null
  const { service, query } = fetch
  const variables = fetch.variables.map((name) => ({ name, opening: '' }))
  return {
    service,
    query,
    variables: (given) => selectVariables({ variables }, given),
    absorb: (gathering, event) => {
      const response: ReadResponse = readResponse(event, service)
      absorbRoot(gathering, 0, writtenTo.has(0) ? copied(response) : response)
    },
  }
}

function copied(response: ReadResponse): ReadResponse {
  return { ...response, data: copyData(response.data) as DataObject | null }
}

/** Fetches whose objects entities are linked to. */
function fetchesWrittenTo(plan: Plan): ReadonlySet<FetchId> {
  const fetchOfLink = new Map<number, FetchId>()
  for (const [id, { lookups }] of plan.fetches.entries()) {
    for (const { targets } of lookups) for (const { link } of targets) fetchOfLink.set(link, id)
  }
  const fetchOf = (position: Position, source: number): FetchId => {
    const step = position.sources[source]
    if (step?.kind === 'root') return step.fetch
    if (step?.kind === 'link') return fetchOfLink.get(step.link) ?? 0
    return step === undefined ? 0 : fetchOf(positionAt(plan, position.parent ?? 0), step.of)
  }
  return new Set(
    plan.fetches.flatMap(({ lookups }) =>
      lookups.flatMap(({ targets }) =>
        targets.map((target) => fetchOf(positionAt(plan, target.position), target.onSource)),
      ),
    ),
  )
}
