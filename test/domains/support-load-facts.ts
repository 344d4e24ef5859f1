// Facts of how customers stand with support and how support keeps up, counted over the newest states of the tickets.
import { expect } from 'vitest'
import type { InteractionRecord, TicketRecord } from '../../samples/support/ticket-history.ts'
import type { FactRule } from './fact-rule.ts'
import { generatedRecords, newestById } from './generated-records.ts'
import { allNodes } from './all-pages.ts'

const MINUTE_MS = 60_000

const tickets = async (): Promise<readonly TicketRecord[]> => [
  ...newestById(await generatedRecords<TicketRecord>('support.tickets')).values(),
]

const meanOf = (numbers: readonly number[]): string | null =>
  numbers.length === 0 ? null : (numbers.reduce((total, number) => total + number, 0) / numbers.length).toFixed(6)
const mostOf = (numbers: readonly number[]): number | null => (numbers.length === 0 ? null : Math.max(...numbers))
const ratingsOf = (rated: readonly TicketRecord[]): readonly number[] =>
  rated.flatMap(({ satisfaction }) => (satisfaction === null ? [] : [satisfaction]))
const fixed = (mean: number | null): string | null => (mean === null ? null : mean.toFixed(6))

interface CustomerSupport {
  readonly ticketCount: number
  readonly openTickets: number
  readonly unansweredTickets: number
  readonly averageSatisfaction: number | null
  readonly messages: number
  readonly lastContactAt: string
}

const customers: FactRule = {
  title: 'every customer who asked stands with support as the tickets and messages say, and nobody else does',
  async check(mesh) {
    const messages = await generatedRecords<InteractionRecord>('support.interactions')
    const said = Map.groupBy(messages, ({ customerId }) => customerId)
    const expected = [...Map.groupBy(await tickets(), ({ customerId }) => customerId)].map(([id, asked]) => [
      id,
      {
        ticketCount: asked.length,
        openTickets: asked.filter(({ state }) => state !== 'CLOSED').length,
        unansweredTickets: asked.filter(({ state }) => state === 'OPEN').length,
        averageSatisfaction: meanOf(ratingsOf(asked)),
        messages: said.get(id)?.length ?? 0,
        lastContactAt: said
          .get(id)
          ?.map(({ at }) => at)
          .sort()
          .at(-1),
      },
    ])
    const fields = 'ticketCount openTickets unansweredTickets averageSatisfaction messages lastContactAt'
    const nodes = await allNodes<{ id: string; support: CustomerSupport | null }>(
      mesh,
      'customers',
      `id support { ${fields} }`,
    )
    const found = nodes.flatMap(({ id, support }) =>
      support === null ? [] : [[id, { ...support, averageSatisfaction: fixed(support.averageSatisfaction) }]],
    )
    expect([nodes.length, found.length]).toEqual([10_281, 1_542])
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
  },
}

const CATEGORIES = [
  'DAMAGED_GOODS',
  'WRONG_PRICE',
  'MISSING_ITEM',
  'REFUND',
  'MEMBER_CARD',
  'PRODUCT_QUESTION',
  'STORE_COMPLAINT',
] as const

interface SupportDay {
  readonly day: string
  readonly opened: number
  readonly answered: number
  readonly closed: number
  readonly averageMinutesToAnswer: number | null
  readonly longestMinutesToAnswer: number | null
  readonly averageMinutesToClose: number | null
  readonly longestMinutesToClose: number | null
  readonly averageSatisfaction: number | null
}

const minutesTo = (ofDay: readonly TicketRecord[], until: 'firstAnsweredAt' | 'closedAt'): readonly number[] =>
  ofDay.map((ticket) => Math.floor((Date.parse(ticket[until] ?? '') - Date.parse(ticket.openedAt)) / MINUTE_MS))

function supportDay(ofCategory: readonly TicketRecord[], day: string): object {
  const on = (time: 'openedAt' | 'firstAnsweredAt' | 'closedAt'): readonly TicketRecord[] =>
    ofCategory.filter((ticket) => ticket[time]?.startsWith(day) === true)
  const [opened, answered, closed] = [on('openedAt'), on('firstAnsweredAt'), on('closedAt')]
  return {
    day,
    opened: opened.length,
    answered: answered.length,
    closed: closed.length,
    averageMinutesToAnswer: meanOf(minutesTo(answered, 'firstAnsweredAt')),
    longestMinutesToAnswer: mostOf(minutesTo(answered, 'firstAnsweredAt')),
    averageMinutesToClose: meanOf(minutesTo(closed, 'closedAt')),
    longestMinutesToClose: mostOf(minutesTo(closed, 'closedAt')),
    averageSatisfaction: meanOf(ratingsOf(closed)),
  }
}

const days: FactRule = {
  title:
    'on every day the tickets of every category that were opened, answered and closed are counted, with how long it took',
  async check(mesh) {
    const all = await tickets()
    const fields = `day opened answered closed averageMinutesToAnswer longestMinutesToAnswer averageMinutesToClose
      longestMinutesToClose averageSatisfaction`
    for (const category of CATEGORIES) {
      const ofCategory = all.filter((ticket) => ticket.category === category)
      const times = ofCategory.flatMap(({ openedAt, firstAnsweredAt, closedAt }) => [
        openedAt,
        firstAnsweredAt,
        closedAt,
      ])
      const active = [...new Set(times.flatMap((time) => (time === null ? [] : [time.slice(0, 10)])))].sort().reverse()
      const found = await allNodes<SupportDay>(mesh, `supportDays(category: "${category}")`, fields)
      const comparable = found.map((one) => ({
        ...one,
        averageMinutesToAnswer: fixed(one.averageMinutesToAnswer),
        averageMinutesToClose: fixed(one.averageMinutesToClose),
        averageSatisfaction: fixed(one.averageSatisfaction),
      }))
      expect(comparable).toEqual(active.map((day) => supportDay(ofCategory, day)))
    }
  },
}

interface QueueLoad {
  readonly queue: string
  readonly open: number
  readonly answered: number
  readonly closed: number
  readonly oldestOpenAt: string | null
  readonly averageSatisfaction: number | null
}

const queues: FactRule = {
  title: 'every queue counts what is in it now, and knows who waits longest',
  async check(mesh) {
    const fields = 'queue open answered closed oldestOpenAt averageSatisfaction'
    const found = await allNodes<QueueLoad>(mesh, 'queueLoads', fields)
    const expected = [...Map.groupBy(await tickets(), ({ queue }) => queue)].map(([queue, inQueue]) => {
      const inState = (state: string): readonly TicketRecord[] => inQueue.filter((ticket) => ticket.state === state)
      return {
        queue,
        open: inState('OPEN').length,
        answered: inState('ANSWERED').length,
        closed: inState('CLOSED').length,
        oldestOpenAt:
          inState('OPEN')
            .map(({ openedAt }) => openedAt)
            .sort()
            .at(0) ?? null,
        averageSatisfaction: meanOf(ratingsOf(inQueue)),
      }
    })
    const byQueue = (one: { readonly queue: string }, other: { readonly queue: string }): number =>
      one.queue < other.queue ? -1 : 1
    const comparable = found.map((one) => ({ ...one, averageSatisfaction: fixed(one.averageSatisfaction) }))
    expect(comparable.sort(byQueue)).toEqual(expected.sort(byQueue))
  },
}

export const supportLoadFacts: readonly FactRule[] = [customers, days, queues]
