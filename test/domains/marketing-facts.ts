// Facts of the domain marketing: promotions as the file has them, feedback and mentions as they were generated.
import { expect } from 'vitest'
import type { FeedbackRecord } from '../../samples/marketing/feedback-records.ts'
import type { MentionRecord } from '../../samples/marketing/mention-records.ts'
import type { FactRule } from './fact-rule.ts'
import { generatedRecords, largestGroups, newestById } from './generated-records.ts'
import { allNodes } from './all-pages.ts'
import { decimalText, sourceLines, tenThousandths } from './source-files.ts'

const DAY_MS = 86_400_000

interface PromotionLine {
  readonly promotion_id: number
  readonly promotion_district_id: number
  readonly promotion_name: string
  readonly media_type: string
  readonly start_date: string
  readonly end_date: string
}

interface Promotion {
  readonly id: string
  readonly name: string
  readonly mediaTypes: readonly string[]
  readonly cost: string
  readonly startDate: string
  readonly endDate: string
  readonly days: number
  readonly districtId: string
}

const promotionOf = (line: string): Promotion => {
  const row = JSON.parse(line) as PromotionLine
  const [startDate, endDate] = [row.start_date.slice(0, 10), row.end_date.slice(0, 10)]
  return {
    id: String(row.promotion_id),
    name: row.promotion_name,
    mediaTypes: row.media_type.split(', '),
    cost: decimalText(tenThousandths(line, 'cost')),
    startDate,
    endDate,
    days: (Date.parse(endDate) - Date.parse(startDate)) / DAY_MS + 1,
    districtId: String(row.promotion_district_id),
  }
}

/** All but the row that says that there was no promotion. */
const promotions = sourceLines('foodmart/promotion.ndjson.gz')
  .filter((line) => !line.startsWith('{"promotion_id":0,'))
  .map((line) => promotionOf(line))

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
const byId = (one: { readonly id: string }, other: { readonly id: string }): number => byText(one.id, other.id)

const everyPromotion: FactRule = {
  title: 'the 1,863 promotions are those of the file, each with its media, its cost to the cent, and its days',
  async check(mesh) {
    const fields = 'id name mediaTypes cost startDate endDate days districtId'
    const found = await allNodes<Promotion>(mesh, 'promotions', fields)
    expect(found.length).toBe(1_863)
    expect(found.sort(byId)).toEqual(promotions.toSorted(byId))
  },
}

const promotionsOfOneName: FactRule = {
  title: 'the promotions of one name come in the order of their first days',
  async check(mesh) {
    const [[name, expected] = ['', []]] = largestGroups(promotions, (promotion) => promotion.name, 1)
    const found = await allNodes<{ id: string }>(mesh, `promotionsOf(name: ${JSON.stringify(name)})`, 'id')
    const inOrder = expected.toSorted((one, other) => byText(one.startDate, other.startDate) || byId(one, other))
    expect([name, found.map(({ id }) => id)]).toEqual(['Price Winners', inOrder.map(({ id }) => id)])
  },
}

const FEEDBACK_FIELDS = 'id customerId productId orderId rating text givenAt updatedAt'
const newestFirst = <Said extends { readonly id: string }>(
  said: readonly Said[],
  timeOf: (one: Said) => string,
): Said[] => said.toSorted((one, other) => byText(timeOf(other), timeOf(one)) || byId(one, other))

const feedbackOfProducts: FactRule = {
  title: 'the ten articles with most feedback have it all, newest first, each as it was changed last',
  async check(mesh) {
    const newest = newestById(await generatedRecords<FeedbackRecord>('marketing.feedback'))
    const groups = largestGroups(newest.values(), ({ productId }) => productId, 10)
    for (const [id, expected] of groups) {
      const { product } = await mesh.query<{ product: { feedback: { nodes: FeedbackRecord[] } } }>(
        `{ product(id: "${id}") { feedback(first: 100) { nodes { ${FEEDBACK_FIELDS} } } } }`,
      )
      expect(product.feedback.nodes).toEqual(newestFirst(expected, ({ givenAt }) => givenAt))
    }
  },
}

const changedFeedback: FactRule = {
  title: 'feedback that was changed is the newer one, for its customer too, even where the older arrived last',
  async check(mesh) {
    const records = await generatedRecords<FeedbackRecord>('marketing.feedback')
    const newest = newestById(records)
    const changed = [...Map.groupBy(records, ({ id }) => id)].filter(([, versions]) => versions.length > 1)
    expect(changed.length).toBe(111)
    for (const [id] of changed) {
      const expected = newest.get(id)
      const { feedback } = await mesh.query<{
        feedback: FeedbackRecord & { customer: { feedback: { nodes: FeedbackRecord[] } } }
      }>(`{ feedback(id: "${id}") { ${FEEDBACK_FIELDS} customer { feedback { nodes { ${FEEDBACK_FIELDS} } } } } }`)
      const { customer, ...found } = feedback
      expect(found).toEqual(expected)
      expect(customer.feedback.nodes.find((one) => one.id === id)).toEqual(expected)
    }
  },
}

const mentionsOfBrands: FactRule = {
  title: 'the ten brands with most mentions have them all, newest first',
  async check(mesh) {
    const groups = largestGroups(await generatedRecords<MentionRecord>('marketing.mentions'), ({ brand }) => brand, 10)
    for (const [brand, expected] of groups) {
      const fields = 'id channel reach brand productId text postedAt'
      const found = await allNodes<MentionRecord>(mesh, `mentionsOf(brand: ${JSON.stringify(brand)})`, fields)
      const shown = expected.map(({ authorHandle: _hidden, ...rest }) => rest)
      expect(found).toEqual(newestFirst(shown, ({ postedAt }) => postedAt))
    }
  },
}

const mentionsOfProducts: FactRule = {
  title: 'the ten articles with most mentions have them all',
  async check(mesh) {
    const records = await generatedRecords<MentionRecord>('marketing.mentions')
    const ofArticles = records.filter(({ productId }) => productId !== null)
    for (const [id, expected] of largestGroups(ofArticles, ({ productId }) => productId ?? '', 10)) {
      const { product } = await mesh.query<{ product: { mentions: { nodes: { id: string }[] } } }>(
        `{ product(id: "${id}") { mentions(first: 100) { nodes { id } } } }`,
      )
      expect(product.mentions.nodes.map((one) => one.id).sort()).toEqual(expected.map((one) => one.id).sort())
    }
  },
}

export const marketingFacts: readonly FactRule[] = [
  everyPromotion,
  promotionsOfOneName,
  feedbackOfProducts,
  changedFeedback,
  mentionsOfBrands,
  mentionsOfProducts,
]
