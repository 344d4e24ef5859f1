// What people say of an article, generated: every article has a standing of its own, around which the moods of its buyers lie.
import type { Article } from '../foodmart/purchases.ts'
import { between, choose, type Draw } from '../seeded-choice.ts'
import { seededInteger } from '../seeded-random.ts'
import { flourishes, type Mood, phrases } from './phrases.ts'

/** Standings in the shares that shops know: more good articles than bad ones. */
const STANDINGS: readonly Mood[] = [2, 3, 3, 4, 4, 4, 5, 5]

/** An article's standing: the same for feedback and mentions, and for every seed of theirs. */
function standingOf(productId: string): number {
  const draw = seededInteger(Number(productId) * 7919)
  return choose(STANDINGS, draw)
}

export function moodAbout(productId: string, draw: Draw): Mood {
  // Two draws: the middle of the five is the likeliest.
  const off = between(-1, 1, draw) + between(-1, 1, draw)
  return Math.min(5, Math.max(1, standingOf(productId) + off)) as Mood
}

const fill = (phrase: string, { brand, subcategory }: Article): string =>
  phrase.replaceAll('{what}', subcategory.toLowerCase()).replaceAll('{brand}', brand)

/** Two or three sentences. */
export function reviewText(mood: Mood, article: Article, draw: Draw): string {
  const { verdicts, reasons, endings } = phrases[mood]
  const sentences = [choose(verdicts, draw), choose(reasons, draw)]
  if (draw(2) === 0) sentences.push(choose(endings, draw))
  return fill(sentences.join(' '), article)
}

/** A sentence that names the brand, and what stands around it. */
export function briefText(mood: Mood, article: Article, draw: Draw): string {
  const { verdicts, endings } = phrases[mood]
  const sentence = draw(3) === 0 ? choose(endings, draw) : choose(verdicts, draw)
  return fill(`{brand}: ${sentence} ${choose(flourishes[mood], draw)}`, article).trim()
}
