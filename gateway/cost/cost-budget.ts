// What an operation may cost: decided before anything is fetched, told in `extensions.cost` where that is wanted.
import { GraphQLError } from 'graphql'
import { limits } from '../../platform/limits.ts'
import type { Engine, SpendingWindow } from '../engine-contract.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { createInputCosts } from './input-costs.ts'
import { dearestPath, totalCost, unmetSlices, type OperationCost } from './operation-cost.ts'
import { tellCost } from './tell-cost.ts'

export interface CostOptions {
  /** Of one operation. 0: any. */
  readonly max: number
  /** Elements assumed of a list of which the schema says nothing. Default `limits.costListSizeAssumed`. */
  readonly listSize?: number
  /** Whether answers say in `extensions.cost` what they were estimated to cost. */
  readonly tell: boolean
  /** Whether it is estimated for others, though nothing is bounded or told. Default false. */
  readonly estimate?: boolean
}

export interface CostReport {
  readonly estimated: number
  /** Absent where there is no budget. */
  readonly max?: number
  /** Of the operation's budget. */
  readonly remaining?: number
  /** Of its client, where that is limited: when it was answered, this operation taken off. */
  readonly window?: SpendingWindow
}

type Variables = Readonly<Record<string, unknown>>
type Answering = Pick<Engine, 'run' | 'runSerialized'>

export interface CostBudget {
  readonly listSize: number
  /** Null where nothing is bounded and nothing told: then nothing is estimated either. An error where it is too much. */
  estimate(cost: OperationCost, variables: Variables): number | GraphQLError | null
  /** The same, with the cost in its answers where that is wanted. */
  told(steps: Answering): Answering
}

const UNBOUNDED: CostOptions = { max: 0, tell: false }

export function createCostBudget(
  { publicSchema, costs }: Pick<Supergraph, 'publicSchema' | 'costs'>,
  options: CostOptions = UNBOUNDED,
): CostBudget {
  const { max, tell, listSize = limits.costListSizeAssumed, estimate = false } = options
  const { costOf } = createInputCosts(publicSchema, costs)
  const report = (estimated: number): CostReport =>
    max === 0 ? { estimated } : { estimated, max, remaining: Math.max(0, max - estimated) }
  return {
    listSize,
    estimate: (cost, variables) => {
      if (max === 0 && !tell && !estimate) return null
      const estimated = totalCost(cost, variables, costOf)
      if (max === 0) return estimated
      const [unmet] = cost.slices.length === 0 ? [] : unmetSlices(cost, variables)
      if (unmet !== undefined) return sliceRequired(unmet)
      return estimated <= max ? estimated : exceeded({ estimated, max, path: dearestPath(cost, variables, costOf) })
    },
    told: (steps) => (tell ? tellCost(steps, report) : steps),
  }
}

function sliceRequired({ path, arguments: names }: OperationCost['slices'][number]): GraphQLError {
  const message = `"${path.join('.')}" needs exactly one of its arguments ${names.join(', ')}: how long its list is decides what it costs.`
  return new GraphQLError(message, { extensions: { code: 'SLICING_ARGUMENT_REQUIRED' } })
}

interface Excess {
  readonly estimated: number
  readonly max: number
  readonly path: readonly string[]
}

function exceeded({ estimated, max, path }: Excess): GraphQLError {
  const message = `The operation is estimated to cost ${estimated}, and ${max} are allowed. "${path.join('.')}" costs most: ask for fewer there, or for less below it.`
  const cost = { estimated, max, path: path.join('.') }
  return new GraphQLError(message, { extensions: { code: 'COST_EXCEEDED', cost } })
}
