// Who answers for the gateway: the planner with the naive executor or with the compiled one, or the whole engine.
import { GraphQLError, parse } from 'graphql'
import { createEngine } from '../../../gateway/engine.ts'
import { isReady, type Engine, type EngineResult } from '../../../gateway/engine-contract.ts'
import { compileOperation } from '../../../gateway/execute/compile-operation.ts'
import type { Gathering } from '../../../gateway/execute/gathering.ts'
import { coerceVariables, compileIntrospection, selectOperation } from '../../../gateway/plan/operation.ts'
import type { Plan } from '../../../gateway/plan/plan.ts'
import { planOperation } from '../../../gateway/plan/query-planner/plan-operation.ts'
import { readSupergraph } from '../../../gateway/supergraph/read-supergraph.ts'
import type { Supergraph } from '../../../gateway/supergraph/supergraph.ts'
import { ANONYMOUS } from '../../../platform/governance/principal.ts'
import { executeNaively, type DataObject } from '../naive-executor.ts'
import type { Answerer, FuzzMesh } from './fuzz-case.ts'
import { isLabelActive } from './mesh-model.ts'
import type { FuzzOperation } from './operation-maker.ts'

const throughEngine: Answerer = (mesh) => {
  const engine = createEngine({
    supergraphSdl: mesh.supergraphSdl,
    endpoints: mesh.running.endpoints,
    overrideLabels: isLabelActive,
  })
  return ({ query, variables }) =>
    isSubscription(query) ? firstEvent(engine, { query, variables }) : engine.execute({ query, variables })
}

/** The second answer comes from a generated writer, where nothing is amiss. */
const throughWriter: Answerer = (mesh) => {
  const { supergraphSdl, running } = mesh
  const engine = createEngine({ supergraphSdl, endpoints: running.endpoints, overrideLabels: isLabelActive })
  return async ({ query, variables }) => {
    if (isSubscription(query)) return firstEvent(engine, { query, variables })
    const operation = await engine.prepare({ query, variables })
    if (!isReady(operation)) return operation
    if (operation.kind === 'query') await engine.runSerialized(operation, { query, variables })
    const { body } = await engine.runSerialized(operation, { query, variables })
    return JSON.parse(body.toString()) as EngineResult
  }
}

const isSubscription = (query: string): boolean => query.startsWith('subscription')

/** Each subscription here has one event. */
async function firstEvent(engine: Engine, request: FuzzOperation): Promise<EngineResult> {
  const stream = await engine.subscribe(request)
  if (!(Symbol.asyncIterator in stream)) return stream
  const events: EngineResult[] = []
  for await (const event of stream) events.push(event)
  const [first] = events
  if (first === undefined || events.length > 1) throw new Error(`${events.length} events instead of one`)
  return first
}

const throughNaive: Answerer = (mesh) => {
  const supergraph = readSupergraph(mesh.supergraphSdl)
  return async (operation, endpoints) => {
    const { plan, variables, introspection } = prepare(supergraph, operation)
    return executeNaively(plan, {
      publicSchema: supergraph.publicSchema,
      variables,
      introspection,
      ask: async (service, query, given) => {
        const endpoint = endpoints.find(({ name }) => name === service)
        if (endpoint === undefined) throw new Error(`no subgraph ${service}`)
        return endpoint.execute({ query, variables: given, principal: ANONYMOUS })
      },
    })
  }
}

const throughCompiled: Answerer = (mesh) => {
  const supergraph = readSupergraph(mesh.supergraphSdl)
  return async (operation, endpoints) => {
    const { plan, variables, introspection } = prepare(supergraph, operation)
    const compiled = compileOperation(plan, supergraph.publicSchema)
    const gathering = gatheringOf(mesh, { endpoints, variables })
    await compiled.run(gathering)
    const { data, errors } = compiled.project(gathering, introspection)
    return errors.length === 0 ? { data } : { data, errors }
  }
}

function gatheringOf(
  _: FuzzMesh,
  { endpoints, variables }: { endpoints: FuzzMesh['running']['endpoints']; variables: DataObject },
): Gathering {
  return {
    endpoints: new Map(endpoints.map((endpoint) => [endpoint.name, endpoint])),
    request: { principal: ANONYMOUS, arrival: 0 },
    variables,
    roots: [],
    asked: [],
    linked: [],
    incidents: [],
    mayBeWhole: false,
    isClean: true,
    whole: undefined,
    exposeSubgraphErrors: true,
    onSubgraphFailure: (_service, error) => {
      throw error
    },
  }
}

interface Prepared {
  readonly plan: Plan
  readonly variables: DataObject
  readonly introspection: DataObject
}

function prepare(supergraph: Supergraph, { query, variables }: FuzzOperation): Prepared {
  const selected = selectOperation(parse(query), undefined)
  if (selected instanceof GraphQLError) throw selected
  const coerced = coerceVariables(supergraph.publicSchema, selected.operation, variables)
  if (coerced.kind === 'invalid') throw new Error(coerced.errors[0]?.message)
  const { values } = coerced
  const plan = planOperation(supergraph, { document: selected.document, variables: values, isLabelActive })
  return {
    plan,
    variables: values,
    introspection: compileIntrospection(supergraph.publicSchema, selected)?.(values) ?? {},
  }
}

export function answererNamed(name: string): Answerer {
  const known: Readonly<Record<string, Answerer>> = {
    engine: throughEngine,
    writer: throughWriter,
    naive: throughNaive,
    compiled: throughCompiled,
  }
  const answerer = known[name]
  if (answerer === undefined) throw new Error(`--through is one of ${Object.keys(known).join(', ')}, not ${name}`)
  return answerer
}
