// Records of marketing.feedback, generated with a fixed seed: customers rate an article of a basket days after they bought it. Some change
// their mind: a second record of the same key. Some records come late, the older one behind the newer.
import { articles, type Purchase, purchases } from '../foodmart/purchases.ts'
import type { SampleRecord } from '../sample-load.ts'
import { between, choose, chooseSome, type Draw, happens } from '../seeded-choice.ts'
import { seededInteger } from '../seeded-random.ts'
import { moodAbout, reviewText } from './opinions.ts'
import type { Mood } from './phrases.ts'

const SEED = 52_191
const FEEDBACKS = 4_000
const DAY_MS = 86_400_000
/** How many in a hundred. */
const REVISED = 3
const LATE = 5

export interface FeedbackRecord {
  readonly id: string
  readonly customerId: string
  readonly productId: string
  readonly orderId: string
  readonly rating: number
  readonly text: string
  readonly givenAt: string
  readonly updatedAt: string
}

interface Arrival {
  readonly atMs: number
  readonly record: FeedbackRecord
}

const timeText = (ms: number): string => new Date(ms).toISOString()

const revised = (mood: Mood, draw: Draw): Mood =>
  (mood > 3 ? mood - between(1, 2, draw) : mood + between(1, 2, draw)) as Mood

export async function* feedbackRecords(): AsyncGenerator<SampleRecord> {
  const draw = seededInteger(SEED)
  const known = await articles()
  const arrivals: Arrival[] = []
  const arrive = (record: FeedbackRecord, writtenMs: number): void => {
    const lateMs = happens(LATE, draw) ? between(10, 40, draw) * DAY_MS : 0
    arrivals.push({ atMs: writtenMs + lateMs, record })
  }
  const tell = (purchase: Purchase, number: number): void => {
    const { productId } = choose(purchase.lines, draw)
    const article = known.get(productId)
    if (article === undefined) throw new TypeError(`FoodMart: no product ${productId}`)
    const mood = moodAbout(productId, draw)
    const givenMs = Date.parse(purchase.placedAt) + between(1, 14, draw) * DAY_MS + draw(DAY_MS)
    const givenAt = timeText(givenMs)
    const id = `F-${String(number).padStart(5, '0')}`
    const base = { id, customerId: purchase.customerId, productId, orderId: purchase.id }
    const text = reviewText(mood, article, draw)
    arrive({ ...base, rating: mood, text, givenAt, updatedAt: givenAt }, givenMs)
    if (!happens(REVISED, draw)) return
    const later = revised(mood, draw)
    const revisedMs = givenMs + between(3, 30, draw) * DAY_MS
    const laterText = reviewText(later, article, draw)
    arrive({ ...base, rating: later, text: laterText, givenAt, updatedAt: timeText(revisedMs) }, revisedMs)
  }
  for (const [index, purchase] of chooseSome(await purchases(), FEEDBACKS, draw).entries()) tell(purchase, index + 1)
  // A stable sort: what comes at one time keeps the order of its feedback's number.
  for (const { record } of arrivals.sort((one, other) => one.atMs - other.atMs)) yield { key: record.id, value: record }
}
