// The loads of the marketing domain: FoodMart's promotions, and what customers and others say, which is generated.
import { foodmartFile } from './foodmart/foodmart-rows.ts'
import { purchaseFiles } from './foodmart/purchases.ts'
import { feedbackRecords } from './marketing/feedback-records.ts'
import { mentionRecords } from './marketing/mention-records.ts'
import { promotionRecords } from './marketing/promotion-records.ts'
import type { SampleLoad } from './sample-load.ts'

/** Their texts decide what is generated. */
const generatorFiles = (name: string): readonly URL[] =>
  [name, 'opinions', 'phrases'].map((file) => new URL(`./marketing/${file}.ts`, import.meta.url))

/** Orders are joined with promotions. */
export const promotionLoads: readonly SampleLoad[] = [
  {
    product: 'marketing/promotions',
    topic: 'marketing.promotions',
    name: 'foodmart-promotions',
    files: [foodmartFile('promotion')],
    records: promotionRecords,
    expected: 1_863,
  },
]

/** What is said is joined with articles. */
export const opinionLoads: readonly SampleLoad[] = [
  {
    product: 'marketing/feedback',
    topic: 'marketing.feedback',
    name: 'generated-feedback',
    files: [...purchaseFiles, ...generatorFiles('feedback-records')],
    records: feedbackRecords,
    expected: 4_111,
  },
  {
    product: 'marketing/mentions',
    topic: 'marketing.mentions',
    name: 'generated-mentions',
    files: [...purchaseFiles, ...generatorFiles('mention-records')],
    records: mentionRecords,
    expected: 2_000,
  },
]
