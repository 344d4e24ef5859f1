// A random mesh whose subgraphs' answers are damaged on their way to the gateway, the same way for the same request however often it is asked
// and however the answer travels: as bytes over a wire, or as an object in-process.
import { createEngine } from '../../../gateway/engine.ts'
import { isReady, type Engine, type ReadyOperation } from '../../../gateway/engine-contract.ts'
import { readSupergraph } from '../../../gateway/supergraph/read-supergraph.ts'
import type { Supergraph } from '../../../gateway/supergraph/supergraph.ts'
import { MeshgateError } from '../../../platform/errors.ts'
import { ANONYMOUS } from '../../../platform/governance/principal.ts'
import type { SubgraphEndpoint, SubgraphResponse } from '../../../platform/ports/subgraph-endpoint.ts'
import { seededRandom } from '../../seeded-random.ts'
import type { FuzzMesh } from '../fuzz/fuzz-case.ts'
import { canonical, hash } from '../fuzz/mesh-data.ts'
import { isLabelActive } from '../fuzz/mesh-model.ts'
import type { FuzzOperation } from '../fuzz/operation-maker.ts'
import { damageAnswer, type DamageKind, type DamagedAnswer } from './damage.ts'

export interface DamagePlan {
  readonly seed: number
  readonly kinds: readonly DamageKind[]
  /** Null: of any subgraph. */
  readonly service: string | null
  /** Between 0 and 1: how many answers are damaged. */
  readonly share: number
}

/** One request that a subgraph got, and what it answered. */
export interface Exchange {
  readonly service: string
  readonly query: string
  /** Each with its variable, canonical. */
  readonly representations: readonly string[]
  readonly variables: string
  readonly damage: DamagedAnswer | null
  readonly answer: SubgraphResponse | null
}

export interface BrokenMesh {
  /** Answers travel as bytes. */
  readonly wire: Engine
  readonly local: Engine
  readonly supergraph: Supergraph
  /** Answers are objects. */
  readonly endpoints: readonly SubgraphEndpoint[]
  readonly exchanges: readonly Exchange[]
  readonly problems: readonly string[]
  /** Until the next call; null: nothing is damaged. `onAsked`: how many requests there have been, told of before each is answered. */
  begin(plan: DamagePlan | null, onAsked?: (count: number) => void): void
}

interface State {
  plan: DamagePlan | null
  exchanges: Exchange[]
  problems: string[]
  asked: number
  onAsked: (count: number) => void
}

export function breakMesh(mesh: FuzzMesh): BrokenMesh {
  const state: State = { plan: null, exchanges: [], problems: [], asked: 0, onAsked: () => undefined }
  const typeNames = Object.keys(mesh.merged.getTypeMap()).filter((name) => !name.startsWith('__'))
  const ask = async (endpoint: SubgraphEndpoint, query: string, variables: Record<string, unknown>): Promise<Asked> => {
    const exchange = described(endpoint.name, query, variables)
    state.onAsked(++state.asked)
    const random = damageOf(state.plan, exchange)
    let answer: SubgraphResponse | null = null
    try {
      answer = await endpoint.execute({ query, variables, principal: ANONYMOUS })
    } catch {
      state.exchanges.push({ ...exchange, damage: null, answer: null })
      throw new MeshgateError('SUBGRAPH_UNAVAILABLE', 'What was asked for is not to be had.')
    }
    if (random === null || state.plan === null) {
      state.exchanges.push({ ...exchange, damage: null, answer })
      return { bytes: Buffer.from(JSON.stringify(answer)), isIntact: true }
    }
    const damage = damageAnswer(answer, state.plan.kinds, { random, typeNames })
    state.exchanges.push({ ...exchange, damage, answer: parsed(damage) ?? null })
    for (let turns = Math.floor(random() * 3); turns > 0; turns--) await new Promise<void>((done) => setImmediate(done))
    if (damage.failure !== undefined) throw damage.failure
    return { bytes: damage.bytes, isIntact: false }
  }
  const local = mesh.running.endpoints.map((endpoint) => localEndpoint(endpoint, ask))
  const wire = mesh.running.endpoints.map((endpoint) => wireEndpoint(endpoint, ask))
  const engineOf = (endpoints: readonly SubgraphEndpoint[]): Engine =>
    createEngine({
      supergraphSdl: mesh.supergraphSdl,
      endpoints,
      overrideLabels: isLabelActive,
      onFailure: (message) => state.problems.push(message),
      onSubgraphFailure: () => undefined,
    })
  return {
    wire: engineOf(wire),
    local: engineOf(local),
    supergraph: readSupergraph(mesh.supergraphSdl),
    endpoints: local,
    get exchanges() {
      return state.exchanges
    },
    get problems() {
      return state.problems
    },
    begin: (plan, onAsked = () => undefined) => {
      mesh.running.reset()
      state.plan = plan
      state.asked = 0
      state.onAsked = onAsked
      state.exchanges = []
      state.problems = []
    },
  }
}

interface Asked {
  readonly bytes: Buffer
  readonly isIntact: boolean
}

type Ask = (endpoint: SubgraphEndpoint, query: string, variables: Record<string, unknown>) => Promise<Asked>

function wireEndpoint(endpoint: SubgraphEndpoint, ask: Ask): SubgraphEndpoint {
  return {
    ...endpoint,
    execute: () => Promise.reject(new Error('asked in-process')),
    exchange: async ({ body }) => {
      const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> }
      const { bytes, isIntact } = await ask(endpoint, query, variables)
      return { bytes, isWhole: isIntact && !bytes.includes('"errors"') }
    },
  }
}

/** What is answered may be shared with others: nobody may write to it. */
function localEndpoint(endpoint: SubgraphEndpoint, ask: Ask): SubgraphEndpoint {
  return {
    ...endpoint,
    execute: async ({ query, variables }) => {
      const { bytes } = await ask(endpoint, query, { ...variables })
      try {
        return frozen(JSON.parse(bytes.toString())) as SubgraphResponse
      } catch (error) {
        throw new MeshgateError('SUBGRAPH_PROTOCOL', `Subgraph "${endpoint.name}" answered no JSON.`, error)
      }
    },
  }
}

function frozen(value: unknown): unknown {
  const left: unknown[] = [value]
  for (let each = left.pop(); each !== undefined; each = left.pop()) {
    if (typeof each !== 'object' || each === null || Object.isFrozen(each)) continue
    Object.freeze(each)
    for (const below of Object.values(each)) if (below !== undefined) left.push(below)
  }
  return value
}

function parsed({ bytes }: DamagedAnswer): SubgraphResponse | undefined {
  try {
    return JSON.parse(bytes.toString()) as SubgraphResponse
  } catch {
    return undefined
  }
}

function described(service: string, query: string, variables: Record<string, unknown>) {
  const representations: string[] = []
  const others: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(variables)) {
    const isList = Array.isArray(value) && value.every((each) => Object.hasOwn(Object(each) as object, '__typename'))
    if (isList) representations.push(...value.map((each) => `${name} ${text(each)}`))
    else others[name] = value
  }
  return { service, query, representations, variables: text(others) }
}

function text(value: unknown): string {
  try {
    return canonical(value)
  } catch {
    return 'too deep'
  }
}

/** Null where this answer is spared. The same for the same request, whatever the order of its representations. */
function damageOf(plan: DamagePlan | null, exchange: Pick<Exchange, keyof ReturnType<typeof described>>) {
  if (plan === null || (plan.service !== null && plan.service !== exchange.service)) return null
  const { service, query, representations, variables } = exchange
  const asked = [plan.seed, service, query, variables, ...representations.toSorted()]
  const random = seededRandom(hash(asked.join('\n')))
  return random() < plan.share ? random : null
}

/** How an answer was come by, and its JSON; a rejection is told as it is. */
export interface WayAnswer {
  readonly way: string
  readonly text: string
}

export async function answerEveryWay(
  mesh: BrokenMesh,
  { query, variables }: FuzzOperation,
  plan: DamagePlan | null,
): Promise<WayAnswer[]> {
  const answers: WayAnswer[] = []
  const request = { query, variables }
  for (const [name, engine] of [['wire', mesh.wire] as const, ['local', mesh.local] as const]) {
    const operation = await engine.prepare(request)
    if (!isReady(operation)) return [{ way: name, text: JSON.stringify(operation) }]
    const run = (asText: boolean): Promise<string> => runOnce(engine, operation, { request, asText })
    const ways = [
      ['as an object', false],
      ['as text', true],
      ['as text again', true],
      ['as text once more', true],
    ] as const
    for (const [way, asText] of name === 'wire' ? ways : ways.slice(0, 3)) {
      mesh.begin(plan)
      answers.push({ way: `${name}, ${way}`, text: await run(asText) })
    }
  }
  return answers
}

interface Running {
  readonly request: FuzzOperation
  readonly asText: boolean
}

async function runOnce(engine: Engine, operation: ReadyOperation, { request, asText }: Running): Promise<string> {
  try {
    if (!asText) return JSON.stringify(await engine.run(operation, request))
    return (await engine.runSerialized(operation, request)).body.toString()
  } catch (error) {
    return `thrown: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`.slice(0, 600)
  }
}
