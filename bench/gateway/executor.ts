// What the executor costs without sockets: the public benchmarks' query over canned answers of its four subgraphs, in CPU milliseconds per
// query, split by phase. `node cli/run.js bench/gateway/executor.ts [queries] [--archive]`
import { execute, parse } from 'graphql'
import { createEngine } from '../../gateway/engine.ts'
import { isReady, type ReadyOperation } from '../../gateway/engine-contract.ts'
import type { Gathering } from '../../gateway/execute/gathering.ts'
import { composeSupergraph, formatProblems } from '../../gateway/compose/compose-supergraph.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import type { SubgraphEndpoint } from '../../platform/ports/subgraph-endpoint.ts'
import { archiveQuery, ARCHIVE_ENTRIES } from './mesh/operations.ts'
import { benchQuery, BENCH_RESPONSE_BYTES } from './mesh/bench-query.ts'
import { subgraphSchema } from './mesh/subgraph-resolvers.ts'
import { archiveSdl, subgraphSdl } from './mesh/subgraph-sdl.ts'

const isArchive = process.argv.includes('--archive')
const queries = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? (isArchive ? 10 : 3_000))
const request = isArchive
  ? { query: archiveQuery, variables: { first: ARCHIVE_ENTRIES } }
  : { query: benchQuery, variables: {} }
const sdl = isArchive ? { ...subgraphSdl, archive: archiveSdl } : subgraphSdl
const answers = new Map<string, Buffer>()
const endpoints = Object.keys(sdl).map(cannedEndpoint)
const composition = composeSupergraph(
  Object.entries(sdl).map(([name, text]) => ({ name, sdl: text, url: 'http://127.0.0.1/' })),
)
if (composition.kind === 'failed') throw new Error(formatProblems(composition.problems))
const engine = createEngine({ supergraphSdl: composition.supergraphSdl, endpoints })
const operation = await prepared()

for (let warm = 0; warm < 3; warm++) await engine.runSerialized(operation, request)
const { body } = await engine.runSerialized(operation, request)
const bytes = Buffer.byteLength(body)
if (!isArchive && bytes !== BENCH_RESPONSE_BYTES) throw new Error(`The response has ${bytes} bytes.`)

const phases: Record<string, () => unknown> = {
  'parse the answers': () => {
    for (const answer of answers.values()) JSON.parse(answer.toString())
  },
  'run the fetches (parse, collect, link)': () => gather(),
  'and write the response': async () => operation.prepared.compiled.write(await gather(), {}),
  'and make it a buffer': async () => Buffer.from(operation.prepared.compiled.write(await gather(), {}) ?? ''),
  'and all of the engine': async () => {
    const again = await engine.prepare(request)
    if (isReady(again)) Buffer.from((await engine.runSerialized(again, request)).body as string)
  },
  'with care in place of the writer': async () =>
    Buffer.from(JSON.stringify(operation.prepared.compiled.project(await gather(), {}))),
}
process.stdout.write(
  `${bytes} bytes, ${answers.size} answers of ${[...answers.values()].reduce((sum, { length }) => sum + length, 0)} bytes\n`,
)
for (const round of ['warm-up', 'measured']) {
  for (const [name, phase] of Object.entries(phases)) {
    const before = process.cpuUsage()
    for (let query = 0; query < queries; query++) await phase()
    const { user, system } = process.cpuUsage(before)
    if (round === 'measured') process.stdout.write(`${((user + system) / 1000 / queries).toFixed(3)} ms  ${name}\n`)
  }
}

async function prepared(): Promise<ReadyOperation> {
  const ready = await engine.prepare(request)
  if (!isReady(ready)) throw new Error(JSON.stringify(ready))
  return ready
}

async function gather(): Promise<Gathering> {
  const gathering: Gathering = {
    endpoints: new Map(endpoints.map((endpoint) => [endpoint.name, endpoint])),
    request: { principal: ANONYMOUS, arrival: 0 },
    variables: operation.variables,
    roots: [],
    asked: [],
    linked: [],
    incidents: [],
    mayBeWhole: true,
    isClean: true,
    whole: undefined,
    exposeSubgraphErrors: false,
    onSubgraphFailure: (_service, error) => {
      throw error
    },
  }
  await operation.prepared.compiled.run(gathering)
  return gathering
}

function cannedEndpoint(name: string): SubgraphEndpoint {
  const schema = subgraphSchema(name)
  return {
    name,
    execute: () => Promise.reject(new Error('not asked')),
    exchange: async ({ body: asked }) => {
      const known = answers.get(`${name} ${asked}`)
      if (known !== undefined) return { bytes: known, isWhole: false }
      const { query, variables } = JSON.parse(asked) as { query: string; variables: Record<string, unknown> }
      const answer = Buffer.from(
        JSON.stringify(await execute({ schema, document: parse(query), variableValues: variables })),
      )
      answers.set(`${name} ${asked}`, answer)
      return { bytes: answer, isWhole: false }
    },
    subscribe: () => Promise.reject(new Error('not asked')),
    close: async () => undefined,
  }
}
