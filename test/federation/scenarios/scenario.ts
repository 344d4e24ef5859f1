// A scenario is subgraphs and data; from these come resolvers for each subgraph and one merged schema over the same objects. Its operations must be
// answered alike by both. Subgraphs are strict: they throw when asked for what is not theirs (external, overridden), and a field with
// @requires sees nothing but what was sent to it.
import { buildSchema, execute, parse, validate, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql'
import { describe, expect, test } from 'vitest'
import type { Engine, EngineResult } from '../../../gateway/engine-contract.ts'
import { readSubgraph, type SubgraphModel } from '../../../gateway/compose/subgraph-model.ts'
import { createEngine } from '../../../gateway/engine.ts'
import { comparable, createMesh, localEndpoint, type TestSubgraph } from '../merged-mesh.ts'
import { subgraphResolvers } from './subgraph-resolvers.ts'
import { evaluate, isComputed, type DataObject, type ScenarioData } from './scenario-data.ts'

export interface Scenario {
  /** SDL by name, without the link to federation. */
  readonly subgraphs: Readonly<Record<string, string>>
  readonly data: ScenarioData
  /** By title; with variables where there are some. */
  readonly operations: Readonly<Record<string, string | readonly [string, Variables]>>
  /** What another composition makes of them, where ours refuses: definitions without the header of the join specification. */
  readonly composed?: string
  /** Labels of progressive overrides that are active. */
  readonly active?: readonly string[]
}

export function describeScenarios(title: string, scenarios: Readonly<Record<string, Scenario>>): void {
  describe(title, () => {
    describe.each(Object.entries(scenarios))('%s', (_, scenario) => {
      const mesh = openScenario(scenario)
      test.each(Object.entries(scenario.operations))('%s', async (__, operation) => {
        const [query, variables] = typeof operation === 'string' ? [operation, {}] : operation
        const ours = await answersOf(mesh.engine, query, variables)
        const theirs = await mesh.ask(query, variables)
        expect(theirs.length).toBeGreaterThan(0)
        expect([theirs, ours].map((answers) => answers.flatMap(({ errors = [] }) => errors))).toEqual([[], []])
        expect(ours.map(comparable)).toEqual(theirs.map(comparable))
        expect(JSON.stringify(ours.map(({ data }) => data))).toBe(JSON.stringify(theirs.map(({ data }) => data)))
      })
    })
  })
}

/** One answer, or one for each event. */
async function answersOf(engine: Engine, query: string, variables: Variables): Promise<EngineResult[]> {
  if (!query.startsWith('subscription')) return [await engine.execute({ query, variables })]
  const stream = await engine.subscribe({ query, variables })
  if (!(Symbol.asyncIterator in stream)) return [stream]
  const answers: EngineResult[] = []
  for await (const answer of stream) answers.push(answer)
  return answers
}

type Variables = Readonly<Record<string, unknown>>

interface OpenScenario {
  readonly engine: Engine
  readonly ask: (query: string, variables: Variables) => Promise<EngineResult[]>
}

function openScenario({ subgraphs: sdls, data, composed, active = [] }: Scenario): OpenScenario {
  const models = Object.entries(sdls).map(([name, sdl]) => readSubgraph(name, parse(sdl)))
  const subgraphs = Object.entries(sdls).map(([name, sdl]): TestSubgraph => {
    return { name, sdl, resolvers: subgraphResolvers({ models, name, data, active }) }
  })
  const overrideLabels = (label: string): boolean => active.includes(label)
  const engine =
    composed === undefined
      ? createMesh(subgraphs, { overrideLabels })
      : createEngine({
          supergraphSdl: withHeader(composed, Object.keys(sdls)),
          endpoints: subgraphs.map((subgraph) => localEndpoint(subgraph)),
          overrideLabels,
        })
  // Read anew from its text: the composition's own merging of types, and nothing of the gateway's schema.
  const schema = buildSchema(engine.publicSdl)
  return { engine, ask: (query, variables) => askMerged(schema, { models, data }, { query, variables }) }
}

async function askMerged(
  schema: GraphQLSchema,
  { models, data }: { models: readonly SubgraphModel[]; data: ScenarioData },
  { query, variables }: { query: string; variables: Variables },
): Promise<EngineResult[]> {
  const fieldResolver: GraphQLFieldResolver<DataObject | undefined, unknown> = (source, values, __, info) => {
    const object = source ?? data.roots[info.parentType.name] ?? {}
    const value = object[info.fieldName]
    if (!isComputed(value)) return value
    return value(evaluate(models, { object, type: info.parentType.name, field: info.fieldName }), values, object)
  }
  const document = parse(query)
  const invalid = validate(schema, document)
  if (invalid.length > 0) throw new Error(`the scenario's operation is invalid: ${invalid.join('; ')}`)
  const ask = async (rootValue?: DataObject): Promise<EngineResult> => {
    const result = await execute({
      schema,
      document,
      rootValue,
      variableValues: variables,
      fieldResolver,
      typeResolver: (value) => String((value as DataObject)['__typename']),
    })
    return JSON.parse(JSON.stringify(result)) as EngineResult
  }
  if (!query.startsWith('subscription')) return [await ask()]
  const [subscription] = Object.entries(data.roots['Subscription'] ?? {})
  if (subscription === undefined) throw new Error('the scenario has no events')
  const [field, events] = subscription
  return Promise.all((events as readonly unknown[]).map((event) => ask({ [field]: event })))
}

function withHeader(definitions: string, names: readonly string[]): string {
  const graphs = names.map((name) => `${name.toUpperCase()} @join__graph(name: "${name}", url: "http://${name}")`)
  const apollo = 'https://specs.apollo.dev'
  return `schema @link(url: "${apollo}/link/v1.0") @link(url: "${apollo}/join/v0.5", for: EXECUTION) { query: Query mutation: Mutation }
    enum join__Graph { ${graphs.join(' ')} } ${definitions}`
}
