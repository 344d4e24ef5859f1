// How a text sounds, by word lists. Pure, and never fails: any text has a score.
import sentiment from 'wink-sentiment'

export type SentimentLabel = 'POSITIVE' | 'NEUTRAL' | 'NEGATIVE'

export interface TextScore {
  /** From -5 to 5, four decimals. */
  readonly score: number
  readonly label: SentimentLabel
}

/** From here on a text is positive, and from its opposite down negative: one mild word among several neutral ones is not enough. */
const SCORE_LEAST = 0.25

// The library looks words up in plain objects: "constructor" finds a function there, and the score becomes text.
const INHERITED = new RegExp(
  Object.getOwnPropertyNames(Object.prototype)
    .filter((name) => name === name.toLowerCase())
    .join('|'),
  'gi',
)

export function scoreText(text: string): TextScore {
  const { normalizedScore } = sentiment(text.replace(INHERITED, ' '))
  // -0 would be another cell than 0.
  const score = normalizedScore === 0 ? 0 : normalizedScore
  if (score >= SCORE_LEAST) return { score, label: 'POSITIVE' }
  return { score, label: score <= -SCORE_LEAST ? 'NEGATIVE' : 'NEUTRAL' }
}
