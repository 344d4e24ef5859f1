// The gateway without a network: a supergraph and endpoints become one callable graph. Owns its plans, its planning thread and its
// subscriptions.
import { GraphQLError } from 'graphql'
import { MeshgateError } from '../platform/errors.ts'
import { ANONYMOUS } from '../platform/governance/principal.ts'
import { limits as defaultLimits } from '../platform/limits.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { SubgraphEndpoint } from '../platform/ports/subgraph-endpoint.ts'
import { systemClock } from '../platform/system-clock.ts'
import { createCostBudget, type CostBudget, type CostOptions } from './cost/cost-budget.ts'
import { createDocuments, withDocuments, type Documents } from './documents/documents.ts'
import { NO_TRUSTED_DOCUMENTS } from './documents/trusted-documents.ts'
import { nextArrival } from './endpoints/arrival.ts'
import {
  isReady,
  type Engine,
  type EngineRequest,
  type EngineResult,
  type ReadyOperation,
  type SpendProblem,
} from './engine-contract.ts'
import { deniedErrors } from './execute/denied-fields.ts'
import type { Gathering, RequestContext } from './execute/gathering.ts'
import { respond, respondSerialized } from './execute/respond.ts'
import type { GatewayObserver } from './gateway-observer.ts'
import { observeEngine } from './observe-engine.ts'
import { checkConditions, coerceVariables } from './plan/operation.ts'
import type { DocumentLimits, DocumentRules } from './plan/operation-limits.ts'
import { defaultLabels, drawOnce, withRequirements, type IsLabelActive } from './plan/override-labels.ts'
import { checkVariables } from './plan/variable-limits.ts'
import { createPlanner, type Planner } from './plan/planner.ts'
import { createPreparer, type PlannedOperation, type Preparer, type ValidOperation } from './plan/prepare-operation.ts'
import { warmUp } from './plan/warm-up.ts'
import { openEventStream, replanStream, type EventStreamOptions } from './subscribe/event-stream.ts'
import type { UpstreamDefinition } from './subscribe/shared-upstream.ts'
import { SubscriptionHub, type Replanned } from './subscribe/subscription-hub.ts'
import { readSupergraph } from './supergraph/read-supergraph.ts'
import type { Supergraph } from './supergraph/supergraph.ts'
import { trackWork } from './track-work.ts'

export interface EngineOptions {
  readonly supergraphSdl: string
  /** The same where it has been read already. */
  readonly supergraph?: Supergraph
  /** By the names in the supergraph. The engine does not close them. */
  readonly endpoints: readonly SubgraphEndpoint[]
  readonly limits?: Partial<DocumentLimits>
  /** Whether `__schema` and `__type` are answered. Default true. */
  readonly introspection?: boolean
  /** Whether a label of progressive @override is active for the request. Default: `percent(n)` is drawn, others are not. */
  readonly overrideLabels?: (label: string, request: EngineRequest) => boolean
  /** Between 0 and 1, for `percent(n)`. Default: the system's. */
  readonly random?: () => number
  /** Passes messages and extensions of unforeseen subgraph errors on to clients. Default false. */
  readonly exposeSubgraphErrors?: boolean
  /** What an operation may cost, and whether answers tell it. Default: any, and they do not. */
  readonly cost?: CostOptions
  /** Which documents a request may name in place of its text. Default: none. */
  readonly documents?: Documents
  readonly onFailure?: (message: string, error: unknown) => void
  /** A subgraph gave no answer, or none that can be used. Default: `onFailure`. */
  readonly onSubgraphFailure?: (service: string, error: unknown) => void
  readonly observer?: GatewayObserver
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: our own, small operations in this thread, large ones in another. */
  readonly planner?: Planner
  /** Streams that outlive the engine. Default: a hub of its own, which ends with it. */
  readonly hub?: SubscriptionHub
}

/** An engine whose plans may outlive its supergraph. */
export interface WarmEngine extends Engine {
  /** Operations whose plans were used last, the latest first. */
  recentOperations(): readonly PlannedOperation[]
  /** Plans them before they are asked, between requests. Never rejects. */
  warmUp(operations: readonly PlannedOperation[]): Promise<void>
  /** How a stream that another engine has planned goes on by this one. */
  replan(definition: UpstreamDefinition): Promise<Replanned>
}

/** Throws COMPOSITION_FAILED where the supergraph cannot be served. */
export function createEngine(options: EngineOptions): WarmEngine {
  const supergraph = options.supergraph ?? readSupergraph(options.supergraphSdl)
  const schema = supergraph.publicSchema
  const { clock = systemClock, observer, onFailure = () => undefined } = options
  const { planner, preparer, rules, budget } = whatPrepares(options, supergraph)
  const preparing: Preparing = { preparer, schema, rules, budget, onFailure }
  const hub = options.hub ?? new SubscriptionHub({ clock, observer })
  const newGathering = gatheringsOf(options, onFailure)
  const decideLabels = labelsOf(options, supergraph.access)
  const { track, idle } = trackWork()
  let closing = false

  const prepareText: Engine['prepare'] = (request) => track(prepareOperation(request, preparing, decideLabels(request)))
  const prepare = withDocuments(prepareText, options.documents ?? NO_DOCUMENTS)

  const gather = async ({ variables, prepared }: ReadyOperation, request: EngineRequest, mayBeWhole: boolean) => {
    const gathering = newGathering(variables, requestContext(request), mayBeWhole)
    await prepared.compiled.run(gathering)
    return gathering
  }

  const run: Engine['run'] = async (operation, request) => {
    if (operation.kind === 'subscription') return notAnsweredOnce()
    const gathering = await track(gather(operation, request, false))
    return respond(operation.prepared, gathering, introspect(operation))
  }

  const runSerialized: Engine['runSerialized'] = async (operation, request) => {
    if (operation.kind === 'subscription') return serializeRefusal(notAnsweredOnce())
    const gathering = await track(gather(operation, request, true))
    return { ...respondSerialized(operation.prepared, gathering, introspect(operation)), refused: false }
  }

  const streamOptions = (operation: ReadyOperation, request: EngineRequest): EventStreamOptions => ({
    operation,
    request,
    context: requestContext(request),
    hub,
    endpoints: newGathering.endpoints,
    plansByRequest: options.overrideLabels !== undefined,
    newGathering: (variables, context) => newGathering(variables, context, false),
  })
  const runSubscription: Engine['runSubscription'] = async (operation, request) => {
    const { compiled, selected } = operation.prepared
    if (compiled.isRefused) return { errors: deniedErrors(compiled.denied, selected) }
    return openEventStream(streamOptions(operation, withText(request, operation)))
  }

  return {
    publicSchema: schema,
    get publicSdl() {
      return supergraph.publicSdl
    },
    ...inOneCall(
      observeEngine({ prepare, ...budget.told({ run, runSerialized }), runSubscription }, { observer, clock }),
    ),
    recentOperations: () => preparer.recent(),
    warmUp: (operations) => warmUp(preparer, operations, () => closing),
    replan: (definition) => replanStream(definition, { prepare, optionsFor: streamOptions }),
    close: async (reason) => {
      closing = true
      if (options.hub === undefined) await hub.close(reason)
    },
    idle: async () => {
      await idle()
      // What was accepted before is still prepared.
      if (closing) await planner.close()
    },
  }
}

const introspect = ({ prepared, variables }: ReadyOperation) => prepared.introspect?.(variables) ?? {}

/** What it stood for may be forgotten by the time that a stream is planned anew. */
function withText(request: EngineRequest, { query }: ReadyOperation): EngineRequest {
  return query === undefined ? request : { ...request, query, isKnown: true }
}

const NO_DOCUMENTS = createDocuments({ mode: 'off', trusted: () => NO_TRUSTED_DOCUMENTS, persistedQueries: false })

function whatPrepares(options: EngineOptions, supergraph: Supergraph) {
  const rules: DocumentRules = { ...defaultLimits, ...options.limits, introspection: options.introspection ?? true }
  const planner = createPlanner(supergraph, options.supergraphSdl, rules)
  const budget = createCostBudget(supergraph, options.cost)
  const { listSize } = budget
  const preparer = createPreparer({ supergraph, planner: options.planner ?? planner, limits: rules, listSize })
  return { planner, preparer, rules, budget }
}

type Steps = Pick<Engine, 'prepare' | 'run' | 'runSerialized' | 'runSubscription'>

function inOneCall(steps: Steps): Steps & Pick<Engine, 'execute' | 'subscribe'> {
  return {
    ...steps,
    execute: async (request) => {
      const operation = await steps.prepare(request)
      return isReady(operation) ? steps.run(operation, request) : operation
    },
    subscribe: async (request) => {
      const operation = await steps.prepare(request)
      return isReady(operation) ? steps.runSubscription(operation, request) : operation
    },
  }
}

interface Preparing {
  readonly preparer: Preparer
  readonly schema: Engine['publicSchema']
  readonly rules: DocumentRules
  readonly budget: CostBudget
  readonly onFailure: (message: string, error: unknown) => void
}

async function prepareOperation(
  request: EngineRequest,
  { preparer, schema, rules, budget, onFailure }: Preparing,
  isLabelActive: IsLabelActive,
): Promise<ReadyOperation | EngineResult> {
  try {
    const valid = await preparer.validate(request.query, request.operationName, request.signal)
    if (valid.kind === 'invalid') return { errors: valid.errors }
    const given = request.variables ?? {}
    const oversized = checkSizes(valid, given, rules)
    if (oversized.length > 0) return refused(oversized)
    const variables = coerceVariables(schema, valid, given, rules)
    if (variables.kind === 'invalid') return refused(locatedErrors(schema, valid, given, rules))
    const nullConditions = checkConditions(valid.conditions, variables.values)
    if (nullConditions.length > 0) return refused(nullConditions)
    const { values } = variables
    const { signal, watch } = request
    const onPlan = watch?.planned.bind(watch)
    const prepared = await preparer.plan(valid, { variables: values, isLabelActive, signal, onPlan })
    const cost = budget.estimate(prepared.cost, values)
    if (cost === null) return { kind: valid.operation, prepared, variables: values }
    if (typeof cost !== 'number') return refused([cost])
    const overspent = request.spend?.(cost) ?? null
    if (overspent !== null) return refused([spendError(overspent)])
    return { kind: valid.operation, prepared, variables: values, cost }
  } catch (error) {
    if (request.signal?.aborted === true) return refused([requestError('The client has left.')])
    onFailure('An operation could not be prepared', error)
    return refused([planError(error)])
  }
}

function spendError({ message, code, retryAfterMs }: SpendProblem): GraphQLError {
  return new GraphQLError(message, { extensions: { code, retryAfterMs } })
}

function checkSizes(
  { variableDefinitions, selected }: ValidOperation,
  given: Readonly<Record<string, unknown>>,
  { documentListSizeMax }: DocumentRules,
): readonly GraphQLError[] {
  if (variableDefinitions.length === 0) return []
  const names = variableDefinitions.map(({ variable }) => variable.name.value)
  return checkVariables(names, given, documentListSizeMax, () => selected.operation.variableDefinitions ?? [])
}

/** In the client's document, which a large operation has not parsed yet. */
function locatedErrors(
  schema: Engine['publicSchema'],
  { selected }: ValidOperation,
  given: Readonly<Record<string, unknown>>,
  rules: DocumentRules,
): readonly GraphQLError[] {
  const variables = coerceVariables(schema, selected.operation, given, rules)
  return variables.kind === 'invalid' ? variables.errors : []
}

interface NewGathering {
  (variables: Readonly<Record<string, unknown>>, request: RequestContext, mayBeWhole: boolean): Gathering
  readonly endpoints: ReadonlyMap<string, SubgraphEndpoint>
}

function gatheringsOf(options: EngineOptions, onFailure: (message: string, error: unknown) => void): NewGathering {
  const endpoints = new Map(options.endpoints.map((endpoint) => [endpoint.name, endpoint]))
  const { exposeSubgraphErrors = false } = options
  const onSubgraphFailure =
    options.onSubgraphFailure ?? ((service, error) => onFailure(`Subgraph "${service}" failed`, error))
  const create = (
    variables: Readonly<Record<string, unknown>>,
    request: RequestContext,
    mayBeWhole: boolean,
  ): Gathering => ({
    endpoints,
    request,
    variables,
    roots: [],
    asked: [],
    linked: [],
    incidents: [],
    mayBeWhole,
    isClean: true,
    whole: undefined,
    exposeSubgraphErrors,
    onSubgraphFailure,
  })
  return Object.assign(create, { endpoints })
}

function labelsOf(
  { overrideLabels, random = Math.random }: EngineOptions,
  access: Supergraph['access'],
): (request: EngineRequest) => IsLabelActive {
  const byDefault = defaultLabels(random)
  return (request) => {
    const decide = overrideLabels === undefined ? byDefault : (label: string) => overrideLabels(label, request)
    return drawOnce(withRequirements(access, request.principal, decide))
  }
}

function requestContext(request: EngineRequest): RequestContext {
  return {
    principal: request.principal ?? ANONYMOUS,
    arrival: request.arrival ?? nextArrival(),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(request.headers === undefined ? {} : { headers: request.headers }),
    ...(request.watch === undefined ? {} : { watch: request.watch }),
  }
}

function notAnsweredOnce(): EngineResult {
  const message = 'A subscription cannot be answered once. Send it over the WebSocket or as an event stream.'
  return refused([requestError(message)])
}

function requestError(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'REQUEST_INVALID' } })
}

function refused(errors: readonly GraphQLError[]): EngineResult {
  return { errors: errors.map((error) => error.toJSON()) }
}

function serializeRefusal(result: EngineResult) {
  return { body: JSON.stringify(result), errors: result.errors ?? [], refused: true }
}

function planError(error: unknown): GraphQLError {
  const known = error instanceof MeshgateError && ['PLAN_FAILED', 'PLANNING_OVERLOADED'].includes(error.code)
  return new GraphQLError(known ? error.message : 'The gateway failed to prepare this operation.', {
    extensions: { code: known ? error.code : 'INTERNAL' },
  })
}
