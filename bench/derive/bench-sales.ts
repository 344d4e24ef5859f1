// The sales that the derive bench folds: about 200 bytes each, with a list of three. Shops are as many as is wanted, articles a thousand.
import type { AppendRecord } from '../../platform/ports/event-log.ts'

export const ARTICLES = 1_000
const CATEGORIES = 50
const FIRST_SOLD_MS = Date.UTC(2026, 0, 1)

export interface Sale {
  readonly id: string
  readonly shopId: string
  readonly articleId: string
  readonly soldAt: string
  readonly amount: string
  readonly parts: readonly { readonly articleId: string; readonly amount: string }[]
}

/** The same number gives the same sale. A corrected one has another shop and another amount. */
export function saleOf(number: number, shops: number, corrected = false): Sale {
  const turn = corrected ? 1 : 0
  const cents = ((number * 37 + turn * 11) % 9_000) + 100
  return {
    id: `s${String(number).padStart(11, '0')}`,
    shopId: `shop${String((number * 7_919 + turn) % shops)}`,
    articleId: articleId(number * 31),
    soldAt: new Date(FIRST_SOLD_MS + number * 17).toISOString(),
    amount: amountText(cents),
    parts: [1, 2, 3].map((part) => ({
      articleId: articleId(number * 31 + part * 101),
      amount: amountText(cents + part),
    })),
  }
}

export const saleRecord = (number: number, shops: number, corrected: boolean): AppendRecord =>
  recordOf(saleOf(number, shops, corrected))

export const articleRecord = (number: number): AppendRecord =>
  recordOf({ id: articleId(number), category: categoryOf(articleId(number)) })

export const categoryOf = (article: string): string => `category${String(Number(article.slice(1)) % CATEGORIES)}`

const articleId = (number: number): string => `a${String(number % ARTICLES)}`

const recordOf = <Value extends { readonly id: string }>(value: Value): AppendRecord => ({
  key: Buffer.from(value.id),
  value: Buffer.from(JSON.stringify(value)),
})

const amountText = (cents: number): string =>
  `${String(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, '0')}`
