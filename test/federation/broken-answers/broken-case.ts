// One operation over a random mesh with damaged answers: all that may be wrong with how the gateway answers it.
import { Kind, parse, print, visit, type NameNode } from 'graphql'
import { ERROR_CODES } from '../../../platform/errors.ts'
import { limits } from '../../../platform/limits.ts'
import type { FuzzMesh } from '../fuzz/fuzz-case.ts'
import { fuzzMesh, fuzzOperation } from '../fuzz/fuzz-run.ts'
import type { FuzzOperation } from '../fuzz/operation-maker.ts'
import {
  answerEveryWay,
  breakMesh,
  type BrokenMesh,
  type DamagePlan,
  type Exchange,
  type WayAnswer,
} from './broken-mesh.ts'
import { INTERNAL } from './damage-tree.ts'
import type { DamageKind } from './damage.ts'
import { answerNaively, planFor } from './naive-answer.ts'
import { dependenciesOf, linksBeforeTheirSources } from './untouched.ts'
import { createJudge, type Judge, type JudgedResponse, type ResponseError } from './judge.ts'
import { unexplainedNulls, unequalValues, untoldFailures } from './compare-responses.ts'

export interface BrokenCase {
  readonly seed: number
  readonly operation: FuzzOperation
  readonly damage: DamagePlan
}

export interface Verdict {
  readonly found: BrokenCase
  readonly problems: readonly string[]
  readonly answers: readonly WayAnswer[]
  readonly exchanges: readonly Exchange[]
  readonly intact: JudgedResponse | null
}

const OPERATIONS_OF_A_MESH = 5
const DAMAGES_OF_AN_OPERATION = 4
const CASES_OF_A_MESH = OPERATIONS_OF_A_MESH * DAMAGES_OF_AN_OPERATION

const KINDS: readonly (readonly DamageKind[])[] = [
  ['nulled'],
  ['whole', 'nulled'],
  ['whole'],
  ['errors'],
  ['loud'],
  ['silent'],
  ['silent'],
  ['silent', 'nulled'],
  ['whole', 'loud', 'errors'],
  ['silent', 'errors', 'whole'],
]

/** Cases from `from` on, `count` of them; meshes that do not compose are passed over. */
export async function* judgeCases(from: number, count: number): AsyncGenerator<Verdict> {
  let open: OpenMesh | null = null
  for (let number = from; number < from + count; number++) {
    const seed = Math.floor(number / CASES_OF_A_MESH)
    if (open?.seed !== seed) open = openBroken(seed)
    if (open.mesh === null || open.broken === null) continue
    yield await judgeCase(open.mesh, open.broken, caseOf(open.mesh, number))
  }
}

interface OpenMesh {
  readonly seed: number
  readonly mesh: FuzzMesh | null
  readonly broken: BrokenMesh | null
}

export function openBroken(seed: number): OpenMesh {
  const mesh = fuzzMesh(seed)
  return typeof mesh === 'string' ? { seed, mesh: null, broken: null } : { seed, mesh, broken: breakMesh(mesh) }
}

export function caseOf(mesh: FuzzMesh, number: number): BrokenCase {
  const index = Math.floor((number % CASES_OF_A_MESH) / DAMAGES_OF_AN_OPERATION)
  const random = fuzzOperation(mesh, index)
  const operation = index % 2 === 0 ? random : { ...random, query: withTypes(random.query) }
  const services = mesh.running.endpoints.map(({ name }) => name)
  const damage: DamagePlan = {
    seed: number,
    kinds: KINDS[(number * 7 + Math.floor(number / 11)) % KINDS.length] ?? ['whole'],
    service: number % 3 === 0 ? null : (services[number % services.length] ?? null),
    share: number % 2 === 0 ? 1 : 0.4,
  }
  return { seed: mesh.seed, operation, damage }
}

/** Every object tells its type, so that it can be judged exactly. */
function withTypes(query: string): string {
  const typename = { kind: Kind.FIELD, alias: name('typeOfIt'), name: name('__typename') } as const
  return print(
    visit(parse(query), {
      SelectionSet: (node) => ({ ...node, selections: [...node.selections, typename] }),
    }),
  )
}

function name(value: string): NameNode {
  return { kind: Kind.NAME, value }
}

async function judgeCase(mesh: FuzzMesh, broken: BrokenMesh, found: BrokenCase): Promise<Verdict> {
  const { operation, damage } = found
  const [intactAnswer] = await answerEveryWay(broken, operation, null)
  const intact = parseResponse(intactAnswer?.text ?? '')
  const expected = [...broken.exchanges]
  const answers = await answerEveryWay(broken, operation, damage)
  const exchanges = [...broken.exchanges]
  const judge = createJudge(mesh.merged, operation.query, operation.variables)
  const problems = judgeAnswers({
    judge,
    intact,
    answers,
    expected,
    exchanges,
    services: mesh.running.endpoints.map(({ name }) => name),
  })
  problems.push(
    ...(await judgeByPlan({ broken, found, intact, response: parseResponse(answers[0]?.text ?? ''), exchanges })),
  )
  problems.push(...broken.problems.map((problem) => `told of: ${problem}`))
  const polluted = Object.keys(Object.prototype).concat(Object.keys(Array.prototype))
  if (polluted.length > 0 || 'polluted' in {}) problems.push(`Object.prototype has ${polluted.join()}`)
  return { found, problems, answers, exchanges, intact }
}

interface JudgingByPlan {
  readonly broken: BrokenMesh
  readonly found: BrokenCase
  readonly intact: JudgedResponse | null
  readonly response: JudgedResponse | null
  readonly exchanges: readonly Exchange[]
}

/** What leaves no values to be judged: no answer, no data, or nulls with their errors. */
const ORACLE_KINDS: ReadonlySet<DamageKind> = new Set(['whole', 'errors', 'nulled'])

/** What is not damaged stays, and what is damaged is as the plan says, read literally. */
async function judgeByPlan({ broken, found, intact, response, exchanges }: JudgingByPlan): Promise<string[]> {
  if (intact?.data === undefined || response === null) return []
  const planned = planFor(broken.supergraph, found.operation)
  const damaged = new Set(exchanges.flatMap(({ damage, service }) => (damage === null ? [] : [service])))
  const problems = linksBeforeTheirSources(planned.plan)
  problems.push(...dependenciesOf(planned.plan).touched(intact.data, response.data, damaged))
  broken.begin(found.damage)
  const naive = await answerNaively(broken.supergraph, planned, broken.endpoints)
  if (naive === null) return problems
  // Read literally, an entity is also looked up where something that its representation needs has failed.
  if (!asksNothingNew(broken.exchanges, exchanges)) return problems
  if (naive.data === JSON.stringify(response.data)) {
    return [...problems, ...untoldFailures(naive.failures, response, exchanges)]
  }
  const isJudged = exchanges.every(({ damage }) => damage === null || ORACLE_KINDS.has(damage.kind))
  return isJudged ? [...problems, `differs, the plan read literally: ${naive.data}`] : problems
}

interface Judging {
  readonly judge: Judge
  readonly intact: JudgedResponse | null
  readonly answers: readonly WayAnswer[]
  readonly expected: readonly Exchange[]
  readonly exchanges: readonly Exchange[]
  readonly services: readonly string[]
}

function judgeAnswers({ judge, intact, answers, expected, exchanges, services }: Judging): string[] {
  const [first] = answers
  const response = parseResponse(first?.text ?? '')
  if (first === undefined || response === null || intact === null) {
    return [`no response: ${answers.map(({ way, text }) => `${way}: ${text.slice(0, 400)}`).join('\n')}`]
  }
  const problems = answers.slice(1).flatMap((other) => {
    const answered = parseResponse(other.text)
    if (answered === null) return [`no response, ${other.way}: ${other.text.slice(0, 400)}`]
    return sorted(answered) === sorted(response) ? [] : [`differs, ${other.way}: ${sorted(answered).slice(0, 2000)}`]
  })
  if (intact.data === undefined) return [`refused: ${JSON.stringify(intact)}`]
  problems.push(...judge.judge(intact).map((problem) => `intact: ${problem}`), ...judge.judge(response))
  problems.push(...(response.errors ?? []).flatMap((error) => judgeError(error, services)))
  const errors = response.errors ?? []
  if (errors.length > limits.responseErrorsMax) problems.push('too many errors')
  const kinds = new Set(exchanges.flatMap(({ damage }) => damage?.kind ?? []))
  const isComparable = !kinds.has('silent') && asksNothingNew(exchanges, expected)
  if (!isComparable || errors.length >= limits.responseErrorsMax) return problems
  problems.push(...unexplainedNulls(intact, response, exchanges))
  if (!kinds.has('loud')) problems.push(...unequalValues(intact.data, response.data))
  return problems
}

function judgeError({ message, extensions = {} }: ResponseError, services: readonly string[]): string[] {
  const { code, service } = extensions
  const text = JSON.stringify([message, extensions])
  return [
    ...(text.includes(INTERNAL) || /stacktrace|no such entity|no type for/.test(text)
      ? [`an error shows internals: ${text}`]
      : []),
    ...(Object.hasOwn(ERROR_CODES, String(code)) ? [] : [`an error of an unknown code: ${text}`]),
    ...(service === undefined ? (code === 'RESPONSE_INVALID' ? [] : [`an error without a service: ${text}`]) : []),
    ...(service === undefined || (typeof service === 'string' && services.includes(service))
      ? []
      : [`an error of an unknown service: ${text}`]),
  ]
}

/** Whether subgraphs were asked for nothing that they are not asked for where all is intact: else they answer other things. */
function asksNothingNew(exchanges: readonly Exchange[], expected: readonly Exchange[]): boolean {
  const known = new Set(expected.flatMap(partsOf))
  return exchanges.every((exchange) => partsOf(exchange).every((part) => known.has(part)))
}

function partsOf({ service, query, variables, representations }: Exchange): string[] {
  const head = [service, query, variables].join('\n')
  return representations.length === 0 ? [head] : representations.map((each) => `${head}\n${each}`)
}

function parseResponse(text: string): JudgedResponse | null {
  try {
    return JSON.parse(text) as JudgedResponse
  } catch {
    return null
  }
}

/** Which of two answers came first is none of the response's matter. */
function sorted({ data, errors }: JudgedResponse): string {
  return JSON.stringify([data, (errors ?? []).map((error) => JSON.stringify(error)).toSorted()])
}
