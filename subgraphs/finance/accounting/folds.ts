// The fold of the chart of accounts: of every account, the way to the root. A change of one account may change the paths of many, so the
// whole chart, which has some hundreds of accounts at most, is one group.
import type { Contribution, FoldFunction, FoldFunctions } from '../../../schema/fold/fold-function.ts'
import { cellText, type Value } from '../../../schema/row.ts'

interface Place {
  readonly parentId: string | null
  readonly sign: number
  readonly [name: string]: Value
}

type Chart = Record<string, Place>

interface Step {
  readonly accountId: string
  readonly sign: number
  readonly [name: string]: Value
}

function pathOf(chart: Chart, start: string): readonly Step[] {
  const steps: Step[] = []
  const seen = new Set<string>()
  let accountId: string | null = start
  let sign = 1
  // An account that is its own ancestor ends the path: the checks of one record cannot see it.
  while (accountId !== null && !seen.has(accountId)) {
    seen.add(accountId)
    const place: Place | undefined = chart[accountId]
    if (place === undefined) break
    steps.push({ accountId, sign })
    if (place.sign === 0) break
    sign *= place.sign
    accountId = place.parentId
  }
  return steps
}

const idOf = ({ value }: Contribution): string => cellText(value['id'])

const paths: FoldFunction<Chart> = {
  init: () => ({}),
  apply(chart, contribution) {
    const { parentId, sign } = contribution.value
    chart[idOf(contribution)] = { parentId: typeof parentId === 'string' ? parentId : null, sign: Number(sign) }
    return chart
  },
  retract(chart, contribution) {
    delete chart[idOf(contribution)]
    return chart
  },
  emit: (chart, group) =>
    Object.keys(chart).map((accountId) => ({ ...group, accountId, steps: pathOf(chart, accountId) })),
}

export const folds: FoldFunctions = { paths }
