// The gateway without a network: a supergraph and endpoints become one callable graph. Owns its plans and subscriptions.
import { GraphQLError, type GraphQLSchema } from 'graphql'
import { MeshgateError } from '../platform/errors.ts'
import { ANONYMOUS } from '../platform/governance/principal.ts'
import { limits as defaultLimits } from '../platform/limits.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { SubgraphResponse, SubgraphEndpoint } from '../platform/ports/subgraph-endpoint.ts'
import { systemClock } from '../platform/system-clock.ts'
import { readSupergraph } from './compose/public-schema.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult, type ReadyOperation } from './engine-contract.ts'
import type { Execution, RequestContext } from './execute/execution.ts'
import { locateError } from './execute/locate-errors.ts'
import type { GatewayObserver } from './gateway-observer.ts'
import { observeEngine } from './observe-engine.ts'
import { checkConditions, coerceVariables } from './plan/operation.ts'
import type { DocumentLimits } from './plan/operation-limits.ts'
import type { Planner } from './plan/planner.ts'
import { createPreparer, type Preparer } from './plan/prepare-operation.ts'
import { openEventStream } from './subscribe/event-stream.ts'
import { SubscriptionHub } from './subscribe/subscription-hub.ts'

export interface EngineOptions {
  readonly supergraphSdl: string
  /** By the names in the supergraph. The engine does not close them. */
  readonly endpoints: readonly SubgraphEndpoint[]
  readonly planner: Planner
  readonly limits?: Partial<DocumentLimits>
  /** Passes messages and extensions of unforeseen subgraph errors on to clients. Default false. */
  readonly exposeSubgraphErrors?: boolean
  readonly onFailure?: (message: string, error: unknown) => void
  /** A subgraph gave no answer, or none that can be used. Default: `onFailure`. */
  readonly onSubgraphFailure?: (service: string, error: unknown) => void
  readonly observer?: GatewayObserver
  /** Default: the system's. */
  readonly clock?: Clock
}

export function createEngine(options: EngineOptions): Engine {
  const supergraph = readSupergraph(options.supergraphSdl)
  const schema = supergraph.publicSchema
  const endpoints = new Map(options.endpoints.map((endpoint) => [endpoint.name, endpoint]))
  const { clock = systemClock, observer, onFailure = () => undefined } = options
  const onSubgraphFailure =
    options.onSubgraphFailure ?? ((service, error) => onFailure(`Subgraph "${service}" failed`, error))
  const preparer = createPreparer({
    schema,
    types: supergraph.concreteTypes,
    planner: options.planner,
    limits: { ...defaultLimits, ...options.limits },
  })
  const hub = new SubscriptionHub<SubgraphResponse, EngineResult>({
    clock,
    onClients: (active) => observer?.subscriptions?.(active),
  })

  const { track, idle } = createTracker()

  const prepare: Engine['prepare'] = (request) => track(prepareOperation(request, preparer, schema, onFailure))

  const newExecution = (variables: Readonly<Record<string, unknown>>, request: RequestContext): Execution => ({
    endpoints,
    request,
    variables,
    data: {},
    errors: [],
    coveredPaths: [],
    exposeSubgraphErrors: options.exposeSubgraphErrors ?? false,
    onSubgraphFailure,
  })

  const runSteps = async (operation: ReadyOperation, request: EngineRequest): Promise<EngineResult> => {
    if (operation.kind === 'subscription') {
      return refused([requestError('A subscription cannot be answered once. Send it over the WebSocket.')])
    }
    const execution = newExecution(operation.variables, requestContext(request))
    if (operation.prepared.introspect !== null) {
      Object.assign(execution.data, operation.prepared.introspect(operation.variables))
    }
    for (const step of operation.prepared.steps) {
      await step.run(execution)
      if (step.required.some((key) => (execution.data[key] ?? null) === null)) break
    }
    return respond(operation, execution)
  }

  const run: Engine['run'] = (operation, request) => track(runSteps(operation, request))

  const runSubscription: Engine['runSubscription'] = async (operation, request) => {
    const context = requestContext(request)
    return openEventStream({ operation, request, context, hub, newExecution, respond, endpoints })
  }

  return {
    publicSchema: schema,
    publicSdl: supergraph.publicSdl,
    ...inOneCall(observeEngine({ prepare, run, runSubscription }, { observer, clock })),
    close: (reason) => hub.close(reason),
    idle,
  }
}

type Steps = Pick<Engine, 'prepare' | 'run' | 'runSubscription'>

function inOneCall(steps: Steps): Steps & Pick<Engine, 'execute' | 'subscribe' | 'runSerialized'> {
  return {
    ...steps,
    runSerialized: async (operation, request) => {
      const result = await steps.run(operation, request)
      const { errors } = result
      const serialized = { body: JSON.stringify(result), refused: result.data === undefined }
      return errors === undefined ? serialized : { ...serialized, errors }
    },
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

async function prepareOperation(
  request: EngineRequest,
  preparer: Preparer,
  schema: GraphQLSchema,
  onFailure: (message: string, error: unknown) => void,
): Promise<ReadyOperation | EngineResult> {
  try {
    const valid = preparer.validate(request.query, request.operationName)
    if (valid.kind === 'invalid') return refused(valid.errors)
    const { operation } = valid.selected
    const variables = coerceVariables(schema, operation, request.variables ?? {})
    if (variables.kind === 'invalid') return refused(variables.errors)
    const nullConditions = checkConditions(valid.conditions, variables.values)
    if (nullConditions.length > 0) return refused(nullConditions)
    const prepared = await valid.forVariables(variables.values)
    return { kind: operation.operation, prepared, variables: variables.values }
  } catch (error) {
    onFailure('An operation could not be prepared', error)
    return refused([planError(error)])
  }
}

/** Knows what is under way, so that what it uses is released only afterwards. */
function createTracker(): { track: <Result>(work: Promise<Result>) => Promise<Result>; idle: () => Promise<void> } {
  const underWay = new Set<Promise<unknown>>()
  return {
    track: (work) => {
      underWay.add(work)
      const forget = (): void => void underWay.delete(work)
      work.then(forget, forget)
      return work
    },
    idle: async () => {
      do {
        await Promise.allSettled(underWay)
        // A request that has been prepared starts to run before the next turn of the loop.
        await new Promise((resolve) => setImmediate(resolve))
      } while (underWay.size > 0)
    },
  }
}

function respond(operation: ReadyOperation, execution: Execution): EngineResult {
  const { prepared } = operation
  const { operation: node, fragments } = prepared.selected
  const located = execution.errors.map((error) => locateError(error, node, fragments))
  const data = prepared.project(execution.data, located, execution.coveredPaths)
  return located.length === 0 ? { data } : { errors: located, data }
}

function requestContext(request: EngineRequest): RequestContext {
  return {
    principal: request.principal ?? ANONYMOUS,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(request.headers === undefined ? {} : { headers: request.headers }),
  }
}

function refused(errors: readonly GraphQLError[]): EngineResult {
  return { errors: errors.map((error) => error.toJSON()) }
}

function requestError(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'REQUEST_INVALID' } })
}

function planError(error: unknown): GraphQLError {
  const known = error instanceof MeshgateError && error.code === 'PLAN_FAILED'
  return new GraphQLError(known ? error.message : 'The gateway failed to prepare this operation.', {
    extensions: { code: known ? error.code : 'INTERNAL' },
  })
}
