// Which articles stand in one basket, counted for each article. What is applied can be taken back, in any order.
import type { Contribution, FoldFunction, FoldFunctions } from '../../../schema/fold/fold-function.ts'

/** Of an article: what a page of them shows. */
const SHOWN = 10

type State = { lines: number; together: Record<string, number> }

interface Basket {
  readonly productIds: readonly string[]
  readonly line: { readonly productId: string }
}

function count(state: State, { value }: Contribution, step: 1 | -1): State {
  const { productIds, line } = value as unknown as Basket
  state.lines += step
  for (const other of new Set(productIds)) {
    if (other === line.productId) continue
    const together = (state.together[other] ?? 0) + step
    if (together === 0) delete state.together[other]
    else state.together[other] = together
  }
  return state
}

const boughtTogether: FoldFunction<State> = {
  init: () => ({ lines: 0, together: {} }),
  apply: (state, contribution) => count(state, contribution, 1),
  retract: (state, contribution) => count(state, contribution, -1),
  emit: ({ lines, together }) => {
    const others = Object.entries(together)
      .toSorted(([a, often], [b, oftener]) => oftener - often || compareIds(a, b))
      .slice(0, SHOWN)
      .map(([productId, times]) => ({ productId, together: times, share: times / lines }))
    return [{ lines, others }]
  },
}

/** Numbers in their order, `9` before `10`; else by code units. */
function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}

export const folds: FoldFunctions = { boughtTogether }
