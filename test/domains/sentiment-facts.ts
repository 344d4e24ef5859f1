// Facts of how articles and brands are talked about: every text scored once more, and added up by plain code.
import sentiment from 'wink-sentiment'
import { expect } from 'vitest'
import type { FeedbackRecord } from '../../samples/marketing/feedback-records.ts'
import type { MentionRecord } from '../../samples/marketing/mention-records.ts'
import type { FactRule } from './fact-rule.ts'
import { generatedRecords, newestById } from './generated-records.ts'
import { allNodes } from './all-pages.ts'
import { foodmartTable } from './source-files.ts'

interface Scored {
  readonly id: string
  readonly ofFeedback: boolean
  readonly productId: string | null
  readonly brand: string
  readonly at: string
  readonly score: number
}

async function scoredTexts(): Promise<readonly Scored[]> {
  const products = foodmartTable<{ product_id: number; brand_name: string }>('product')
  const brands = new Map(products.map((row) => [String(row.product_id), row.brand_name]))
  const feedbacks = newestById(await generatedRecords<FeedbackRecord>('marketing.feedback'))
  const mentions = await generatedRecords<MentionRecord>('marketing.mentions')
  const score = (text: string): number => sentiment(text).normalizedScore
  return [
    ...[...feedbacks.values()].map(({ id, productId, text, givenAt }) => ({
      id,
      ofFeedback: true,
      productId,
      brand: brands.get(productId) ?? '',
      at: givenAt,
      score: score(text),
    })),
    ...mentions.map(({ id, productId, brand, text, postedAt }) => ({
      id,
      ofFeedback: false,
      productId,
      brand,
      at: postedAt,
      score: score(text),
    })),
  ]
}

interface Counts {
  readonly texts: number
  readonly feedbacks: number
  readonly mentions: number
  readonly positive: number
  readonly neutral: number
  readonly negative: number
  readonly averageScore: number
}

const COUNT_FIELDS = 'texts feedbacks mentions positive neutral negative averageScore'

/** Averages count as equal where nine digits after the point are. */
const comparable = ({ averageScore, ...rest }: Counts): object => ({ ...rest, averageScore: averageScore.toFixed(9) })

function countsOf(texts: readonly Scored[]): Counts {
  const count = (holds: (text: Scored) => boolean): number => texts.filter((text) => holds(text)).length
  return {
    texts: texts.length,
    feedbacks: count(({ ofFeedback }) => ofFeedback),
    mentions: count(({ ofFeedback }) => !ofFeedback),
    positive: count(({ score }) => score >= 0.25),
    neutral: count(({ score }) => Math.abs(score) < 0.25),
    negative: count(({ score }) => score <= -0.25),
    // Scores have four decimals: as whole numbers they add up exactly.
    averageScore: texts.reduce((total, { score }) => total + Math.round(score * 10_000), 0) / 10_000 / texts.length,
  }
}

const ofProducts: FactRule = {
  title: 'every article that is talked about has the counts and the mean score of its texts',
  async check(mesh) {
    const texts = (await scoredTexts()).filter(({ productId }) => productId !== null)
    const expected = [...Map.groupBy(texts, ({ productId }) => productId ?? '')].map(([productId, said]) => [
      productId,
      comparable(countsOf(said)),
    ])
    const nodes = await allNodes<Counts & { productId: string }>(mesh, 'productSentiments', `productId ${COUNT_FIELDS}`)
    const found = nodes.map(({ productId, ...counts }) => [productId, comparable(counts)])
    expect(found.length).toBe(1_495)
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
  },
}

const ofBrands: FactRule = {
  title: 'in every month every brand has the counts and the mean score of its texts, those talked about most first',
  async check(mesh) {
    let rows = 0
    for (const [month, ofMonth] of Map.groupBy(await scoredTexts(), ({ at }) => `${at.slice(0, 7)}-01`)) {
      const expected = [...Map.groupBy(ofMonth, ({ brand }) => brand)].map(([brand, said]) => ({
        brand,
        ...countsOf(said),
      }))
      expected.sort((one, other) => other.texts - one.texts || (one.brand < other.brand ? -1 : 1))
      const field = `brandsTalkedAbout(month: "${month}")`
      const found = await allNodes<Counts & { brand: string }>(mesh, field, `brand ${COUNT_FIELDS}`)
      expect(found.map((one) => comparable(one))).toEqual(expected.map((one) => comparable(one)))
      rows += found.length
    }
    expect(rows).toBe(1_120)
  },
}

const ofChangedFeedback: FactRule = {
  title: 'the score of feedback that was changed is that of its newest text',
  async check(mesh) {
    const records = await generatedRecords<FeedbackRecord>('marketing.feedback')
    const newest = newestById(records)
    const changed = [...Map.groupBy(records, ({ id }) => id)].filter(([, versions]) => versions.length > 1)
    for (const [id] of changed) {
      const { feedback } = await mesh.query<{ feedback: { sentiment: { score: number } } }>(
        `{ feedback(id: "${id}") { sentiment { score } } }`,
      )
      expect([id, feedback.sentiment.score]).toEqual([id, sentiment(newest.get(id)?.text ?? '').normalizedScore])
    }
  },
}

const ofMentions: FactRule = {
  title: 'a brand month by month, the latest first, and a mention beside how it sounds',
  async check(mesh) {
    const texts = await scoredTexts()
    const brand = 'Hermanos'
    const months = [...new Set(texts.filter((one) => one.brand === brand).map(({ at }) => `${at.slice(0, 7)}-01`))]
    const { brandSentiments } = await mesh.query<{ brandSentiments: { nodes: { month: string }[] } }>(
      `{ brandSentiments(brand: "${brand}", first: 50) { nodes { month } } }`,
    )
    expect(brandSentiments.nodes.map(({ month }) => month)).toEqual(months.sort().reverse())
    const { mentionsOf } = await mesh.query<{ mentionsOf: { nodes: { id: string; sentiment: { score: number } }[] } }>(
      `{ mentionsOf(brand: "${brand}", first: 50) { nodes { id sentiment { score } } } }`,
    )
    const scores = new Map(texts.map(({ id, score }) => [id, score]))
    for (const { id, sentiment: found } of mentionsOf.nodes) expect([id, found.score]).toEqual([id, scores.get(id)])
  },
}

export const sentimentFacts: readonly FactRule[] = [ofProducts, ofBrands, ofChangedFeedback, ofMentions]
