// The fold of the income statement: what is earned and spent enters an account and every account above it, with the sign of its path.
import type { Contribution, FoldFunction, FoldFunctions } from '../../../schema/fold/fold-function.ts'
import { cellText, type Value } from '../../../schema/row.ts'
import { addDecimals, decimalOf, decimalToText, negateDecimal } from '../../../schema/cel/decimal.ts'

interface Total {
  readonly amount: string
  /** Contributions that entered; an account without any has no line. */
  readonly count: number
  readonly [name: string]: Value
}

type Statement = Record<string, Total>

interface Entry {
  readonly path: Value | undefined
  readonly amount: Value | undefined
}

interface Path {
  readonly steps: readonly { readonly accountId: string; readonly sign: number }[]
}

/** Where a contribution enters: a store's result in the accounts of sales and of goods, an expense in its own. */
function entriesOf({ input, value }: Contribution): readonly Entry[] {
  if (input !== 'ResultOfStore') return [{ path: value['path'], amount: value['amount'] }]
  return [
    { path: value['sales'], amount: value['revenue'] },
    { path: value['goods'], amount: value['cost'] },
  ]
}

function enter(statement: Statement, contribution: Contribution, direction: 1 | -1): Statement {
  for (const { path, amount } of entriesOf(contribution)) {
    const decimal = decimalOf(cellText(amount))
    for (const { accountId, sign } of (path as unknown as Path).steps) {
      const before = statement[accountId] ?? { amount: '0', count: 0 }
      const count = before.count + direction
      const signed = sign * direction < 0 ? negateDecimal(decimal) : decimal
      if (count === 0) delete statement[accountId]
      else statement[accountId] = { amount: decimalToText(addDecimals(decimalOf(before.amount), signed)), count }
    }
  }
  return statement
}

const statement: FoldFunction<Statement> = {
  init: () => ({}),
  apply: (state, contribution) => enter(state, contribution, 1),
  retract: (state, contribution) => enter(state, contribution, -1),
  emit: (state, group) =>
    Object.entries(state).map(([accountId, { amount }]) => ({ ...group, accountId, total: amount })),
}

export const folds: FoldFunctions = { statement }
