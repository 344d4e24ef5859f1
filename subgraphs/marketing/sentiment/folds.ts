// The fold of marketing/sentiment: a text's row is its score. A group is one text, and its state what there is to say of it.
import type { Contribution, FoldFunction, FoldFunctions } from '../../../schema/fold/fold-function.ts'
import { cellText, type Row } from '../../../schema/row.ts'
import { scoreText } from './score-text.ts'

/** Null: nothing was said. */
type State = Row | null

function scored({ input, value }: Contribution): Row {
  const ofFeedback = input === 'SpokenFeedback'
  const product = value['product'] as Row | undefined
  return {
    origin: ofFeedback ? 'FEEDBACK' : 'MENTION',
    brand: (ofFeedback ? product?.['brand'] : value['brand']) ?? null,
    productId: value['productId'] ?? null,
    at: (ofFeedback ? value['givenAt'] : value['postedAt']) ?? null,
    ...scoreText(cellText(value['text'] ?? '')),
  }
}

// No `retract`: a text that changes is scored anew.
const scoreTextFold: FoldFunction<State> = {
  init: () => null,
  apply: (_state, contribution) => scored(contribution),
  emit: (state, group) => (state === null ? [] : [{ ...group, ...state }]),
}

export const folds: FoldFunctions = { scoreText: scoreTextFold }
