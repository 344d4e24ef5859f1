// What the marketing sample consists of: FoodMart's promotions, and feedback and mentions that a seed generates and must go on generating.
import { expect, test } from 'vitest'
import type { FeedbackRecord } from '../../samples/marketing/feedback-records.ts'
import type { MentionRecord } from '../../samples/marketing/mention-records.ts'
import { opinionLoads, promotionLoads } from '../../samples/marketing-loads.ts'
import { recordsOfLoad } from './records-digest.ts'

test('promotions are the rows of the file but the one that is none, with the digits of their cost', async () => {
  const { records } = await recordsOfLoad(promotionLoads, 'marketing.promotions')
  expect([records.length, new Set(records.map(({ key }) => key)).size]).toEqual([1_863, 1_863])
  expect(records[0]).toEqual({
    key: '1',
    value: {
      promotion_id: '1',
      promotion_district_id: '110',
      promotion_name: 'High Roller Savings',
      media_type: 'Product Attachment',
      cost: '14435.0000',
      start_date: '1996-01-03',
      end_date: '1996-01-06',
    },
  })
})

test('feedback is what the seed always gave: 4,000 customers speak, 111 of them twice', async () => {
  const { records, digest } = await recordsOfLoad(opinionLoads, 'marketing.feedback')
  expect([records.length, new Set(records.map(({ key }) => key)).size]).toEqual([4_111, 4_000])
  expect(digest).toBe('db2f7445cc60e9f0631f02bb5e3feeb666b5aa777702053f51013df2f0031d8d')
})

test('feedback that is changed keeps its purchase and its first time, and some of it arrives before what it changes', async () => {
  const { records } = await recordsOfLoad(opinionLoads, 'marketing.feedback')
  const first = new Map<string, FeedbackRecord>()
  let overtaken = 0
  for (const { value } of records) {
    const feedback = value as FeedbackRecord
    const earlier = first.get(feedback.id)
    first.set(feedback.id, earlier ?? feedback)
    if (earlier === undefined) continue
    const { id, customerId, productId, orderId, givenAt } = earlier
    expect(feedback).toMatchObject({ id, customerId, productId, orderId, givenAt })
    expect(feedback.updatedAt).not.toBe(earlier.updatedAt)
    if (feedback.updatedAt < earlier.updatedAt) overtaken++
  }
  expect(overtaken).toBe(3)
})

test('mentions are what the seed always gave: 2,000 posts, each naming its brand', async () => {
  const { records, digest } = await recordsOfLoad(opinionLoads, 'marketing.mentions')
  const mentions = records.map(({ value }) => value as MentionRecord)
  expect([mentions.length, new Set(records.map(({ key }) => key)).size]).toEqual([2_000, 2_000])
  expect(mentions.filter(({ brand, text }) => !text.startsWith(`${brand}: `))).toEqual([])
  expect(mentions.filter(({ text }) => text.includes('{'))).toEqual([])
  expect(digest).toBe('dd3cda6dc5bc3992542e98bbb862e4a3554eab1b57ffd65f05b8e36b3209c1e6')
})
