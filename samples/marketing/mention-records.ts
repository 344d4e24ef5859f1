// Records of marketing.mentions, generated with a fixed seed: what people post of an article or a brand days after somebody bought it.
import { articles, purchases } from '../foodmart/purchases.ts'
import type { SampleRecord } from '../sample-load.ts'
import { choose, type Draw, happens } from '../seeded-choice.ts'
import { seededInteger } from '../seeded-random.ts'
import { briefText, moodAbout } from './opinions.ts'

const SEED = 87_013
const MENTIONS = 2_000
const AUTHORS = 400
const DAY_MS = 86_400_000
/** How many in a hundred name the article and not the brand alone. */
const OF_ARTICLE = 60
const CHANNELS = ['MICROBLOG', 'FORUM', 'VIDEO', 'REVIEW_SITE'] as const
const MANNERS = ['happy', 'hungry', 'quiet', 'busy', 'sunny', 'late', 'frugal', 'picky'] as const
const BEINGS = ['cook', 'shopper', 'otter', 'baker', 'walker', 'gardener', 'student', 'parent'] as const

export interface MentionRecord {
  readonly id: string
  readonly channel: (typeof CHANNELS)[number]
  readonly authorHandle: string
  readonly reach: number
  readonly brand: string
  readonly productId: string | null
  readonly text: string
  readonly postedAt: string
}

interface Author {
  readonly handle: string
  readonly reach: number
}

function makeAuthors(draw: Draw): readonly Author[] {
  return Array.from({ length: AUTHORS }, (_, index) => ({
    handle: `@${choose(MANNERS, draw)}_${choose(BEINGS, draw)}${index + 1}`,
    // Few are heard by many.
    reach: Math.floor(20_000 / (1 + draw(400))),
  }))
}

export async function* mentionRecords(): AsyncGenerator<SampleRecord> {
  const draw = seededInteger(SEED)
  const [known, bought] = await Promise.all([articles(), purchases()])
  const authors = makeAuthors(draw)
  const mentions = Array.from({ length: MENTIONS }, () => {
    const purchase = choose(bought, draw)
    const { productId } = choose(purchase.lines, draw)
    const article = known.get(productId)
    if (article === undefined) throw new TypeError(`FoodMart: no product ${productId}`)
    const { handle, reach } = choose(authors, draw)
    const mood = moodAbout(productId, draw)
    const postedAt = new Date(Date.parse(purchase.placedAt) + draw(3 * DAY_MS)).toISOString()
    const ofArticle = happens(OF_ARTICLE, draw)
    const text = briefText(mood, article, draw)
    const channel = choose(CHANNELS, draw)
    return {
      channel,
      authorHandle: handle,
      reach,
      brand: article.brand,
      productId: ofArticle ? productId : null,
      text,
      postedAt,
    }
  })
  mentions.sort((one, other) => Date.parse(one.postedAt) - Date.parse(other.postedAt))
  for (const [index, mention] of mentions.entries()) {
    const value: MentionRecord = { id: `M-${String(index + 1).padStart(5, '0')}`, ...mention }
    yield { key: value.id, value }
  }
}
