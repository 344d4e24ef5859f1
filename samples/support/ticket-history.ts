// The history of support, generated with a fixed seed: tickets about baskets, message by message, each change of a ticket a record of its whole
// state. It ends with the year: what would happen later did not happen yet, and so some tickets are open.
import type { Purchase } from '../foodmart/purchases.ts'
import { between, choose, chooseSome, type Draw, happens } from '../seeded-choice.ts'
import { seededInteger } from '../seeded-random.ts'
import { type Category, followUps, furtherAnswers, type Queue, topics } from './complaints.ts'

const SEED = 31_415
const TICKETS = 2_000
const AGENTS = 24
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const END_MS = Date.parse('1998-01-01T00:00:00.000Z')
const QUEUES: readonly Queue[] = ['FRONT_LINE', 'BILLING', 'QUALITY', 'STORES']
const CHANNELS = ['EMAIL', 'EMAIL', 'PHONE', 'PHONE', 'COUNTER', 'WEB'] as const
const PRIORITIES = ['LOW', 'NORMAL', 'NORMAL', 'NORMAL', 'HIGH'] as const

/** How many in a hundred. */
const FORGOTTEN = 3
const ROUTED = 10
const FOLLOWED_UP = 35
const LEFT_ANSWERED = 5
const RATED = 70
const REOPENED = 6

export interface TicketRecord {
  readonly id: string
  readonly customerId: string
  readonly orderId: string
  readonly category: Category
  readonly priority: (typeof PRIORITIES)[number]
  readonly queue: Queue
  readonly state: 'OPEN' | 'ANSWERED' | 'CLOSED'
  readonly subject: string
  readonly openedAt: string
  readonly firstAnsweredAt: string | null
  readonly closedAt: string | null
  readonly satisfaction: number | null
  readonly updatedAt: string
}

export interface InteractionRecord {
  readonly id: string
  readonly ticketId: string
  readonly customerId: string
  readonly at: string
  readonly direction: 'INBOUND' | 'OUTBOUND'
  readonly channel: (typeof CHANNELS)[number]
  readonly agent: string | null
  readonly text: string
}

export interface TicketHistory {
  /** Of every ticket, its states in the order in which they came to be; tickets by number. */
  readonly states: readonly TicketRecord[]
  readonly interactions: readonly InteractionRecord[]
}

const timeText = (ms: number): string => new Date(ms).toISOString()

/** One ticket while its history is told. Nothing happens to it from the end on. */
class TicketStory {
  readonly states: TicketRecord[] = []
  readonly interactions: InteractionRecord[] = []
  readonly #draw: Draw
  readonly #channel: (typeof CHANNELS)[number]
  #nowMs: number
  #ticket: TicketRecord

  constructor(id: string, purchase: Purchase, draw: Draw) {
    this.#draw = draw
    const { category, queue, subjects, questions } = choose(topics, draw)
    this.#channel = choose(CHANNELS, draw)
    this.#nowMs = Date.parse(purchase.placedAt) + draw(5 * DAY_MS)
    this.#ticket = {
      id,
      customerId: purchase.customerId,
      orderId: purchase.id,
      category,
      priority: choose(PRIORITIES, draw),
      queue,
      state: 'OPEN',
      subject: choose(subjects, draw),
      openedAt: timeText(this.#nowMs),
      firstAnsweredAt: null,
      closedAt: null,
      satisfaction: null,
      updatedAt: timeText(this.#nowMs),
    }
    this.#become({})
    this.#say('INBOUND', choose(questions, draw))
  }

  get ended(): boolean {
    return this.#nowMs >= END_MS
  }

  /** Time passes, at least a minute. */
  wait(mostMinutes: number): void {
    this.#nowMs += between(1, mostMinutes, this.#draw) * MINUTE_MS + this.#draw(MINUTE_MS)
  }

  route(): void {
    const others = QUEUES.filter((queue) => queue !== this.#ticket.queue)
    this.#become({ queue: choose(others, this.#draw) })
  }

  answer(texts: readonly string[]): void {
    const firstAnsweredAt = this.#ticket.firstAnsweredAt ?? timeText(this.#nowMs)
    this.#become({ state: 'ANSWERED', firstAnsweredAt })
    this.#say('OUTBOUND', choose(texts, this.#draw))
  }

  ask(): void {
    this.#become({ state: 'OPEN', closedAt: null, satisfaction: null })
    this.#say('INBOUND', choose(followUps, this.#draw))
  }

  close(): void {
    this.#become({ state: 'CLOSED', closedAt: timeText(this.#nowMs) })
  }

  rate(satisfaction: number): void {
    this.#become({ satisfaction })
  }

  get category(): Category {
    return this.#ticket.category
  }

  #become(change: Partial<TicketRecord>): void {
    if (this.ended) return
    this.#ticket = { ...this.#ticket, ...change, updatedAt: timeText(this.#nowMs) }
    this.states.push(this.#ticket)
  }

  #say(direction: InteractionRecord['direction'], text: string): void {
    if (this.ended) return
    const { id, customerId } = this.#ticket
    const number = String(this.interactions.length + 1).padStart(2, '0')
    const agent = direction === 'INBOUND' ? null : `agent-${String(1 + this.#draw(AGENTS)).padStart(2, '0')}`
    const at = timeText(this.#nowMs)
    this.interactions.push({
      id: `${id}-${number}`,
      ticketId: id,
      customerId,
      at,
      direction,
      channel: this.#channel,
      agent,
      text,
    })
  }
}

function tellTicket(story: TicketStory, draw: Draw): void {
  const slowness = between(1, 5, draw)
  const answers = topics.find(({ category }) => category === story.category)?.answers ?? furtherAnswers
  if (happens(ROUTED, draw)) {
    story.wait(120)
    story.route()
  }
  if (happens(FORGOTTEN, draw)) return
  story.wait(slowness * 480)
  story.answer(answers)
  let asked = 0
  while (asked < 3 && happens(FOLLOWED_UP, draw)) {
    asked += 1
    story.wait(1_440)
    story.ask()
    story.wait(slowness * 360)
    story.answer(furtherAnswers)
  }
  if (happens(LEFT_ANSWERED, draw)) return
  story.wait(4_320)
  story.close()
  // Slow answers and many of them leave people unhappy.
  const satisfaction = Math.min(5, Math.max(1, 6 - slowness - asked + between(0, 2, draw)))
  if (happens(RATED, draw)) {
    story.wait(2_880)
    story.rate(satisfaction)
  }
  if (!happens(REOPENED, draw)) return
  story.wait(10_080)
  story.ask()
  story.wait(slowness * 480)
  story.answer(furtherAnswers)
  story.wait(4_320)
  story.close()
}

export function ticketHistory(purchases: readonly Purchase[]): TicketHistory {
  const draw = seededInteger(SEED)
  const stories = chooseSome(purchases, TICKETS, draw).map((purchase, index) => {
    const story = new TicketStory(`T-${String(index + 1).padStart(5, '0')}`, purchase, draw)
    tellTicket(story, draw)
    return story
  })
  return {
    states: stories.flatMap((story) => story.states),
    interactions: stories.flatMap((story) => story.interactions),
  }
}
