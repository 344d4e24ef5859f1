// Facts of the domain support: tickets as they stand after all their states, and what was said about them.
import { expect } from 'vitest'
import type { InteractionRecord, TicketRecord } from '../../samples/support/ticket-history.ts'
import type { FactRule } from './fact-rule.ts'
import { generatedRecords, largestGroups, newestById } from './generated-records.ts'
import { allNodes } from './all-pages.ts'

const TICKET_FIELDS =
  'id customerId orderId category priority queue state subject openedAt firstAnsweredAt closedAt satisfaction updatedAt'
const INTERACTION_FIELDS = 'id ticketId customerId at direction channel agent text'

type TicketFound = TicketRecord & { readonly interactions: { readonly nodes: readonly InteractionRecord[] } }

const tickets = async (): Promise<readonly TicketRecord[]> => [
  ...newestById(await generatedRecords<TicketRecord>('support.tickets')).values(),
]

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
const longestWaiting = (one: TicketRecord, other: TicketRecord): number =>
  byText(one.openedAt, other.openedAt) || byText(one.id, other.id)

const everyTicket: FactRule = {
  title:
    'each of the 1,994 tickets is in the state that it came to last, the longest waiting first in each state, with all that was said',
  async check(mesh) {
    const expected = await tickets()
    const said = Map.groupBy(
      await generatedRecords<InteractionRecord>('support.interactions'),
      ({ ticketId }) => ticketId,
    )
    const found: TicketRecord[] = []
    for (const state of ['OPEN', 'ANSWERED', 'CLOSED']) {
      const selection = `${TICKET_FIELDS} interactions(first: 50) { nodes { ${INTERACTION_FIELDS} } }`
      const nodes = await allNodes<TicketFound>(mesh, `ticketsByState(state: ${state})`, selection)
      const inState = expected.filter((ticket) => ticket.state === state).toSorted(longestWaiting)
      expect(nodes.map(({ interactions: _said, ...ticket }) => ticket)).toEqual(inState)
      for (const { id, interactions } of nodes) expect(interactions.nodes).toEqual(said.get(id))
      found.push(...nodes)
    }
    expect(found.length).toBe(1_994)
  },
}

const ticketsOfQueues: FactRule = {
  title: 'every queue has its open tickets, where they were routed last',
  async check(mesh) {
    const open = (await tickets()).filter(({ state }) => state === 'OPEN')
    for (const [queue, expected] of largestGroups(open, (ticket) => ticket.queue, 4)) {
      const found = await allNodes<{ id: string }>(mesh, `ticketsOfQueue(queue: ${queue}, state: OPEN)`, 'id')
      expect(found.map(({ id }) => id)).toEqual(expected.toSorted(longestWaiting).map(({ id }) => id))
    }
  },
}

const ticketsOfCustomers: FactRule = {
  title: 'the ten customers with most tickets see those not closed first, each by when it was opened, newest first',
  async check(mesh) {
    for (const [id, expected] of largestGroups(await tickets(), ({ customerId }) => customerId, 10)) {
      const { customer } = await mesh.query<{ customer: { tickets: { nodes: { id: string }[] } } }>(
        `{ customer(id: "${id}") { tickets(first: 50) { nodes { id } } } }`,
      )
      const settled = ({ state }: TicketRecord): number => (state === 'CLOSED' ? 1 : 0)
      const inOrder = expected.toSorted(
        (one, other) =>
          settled(one) - settled(other) || byText(other.openedAt, one.openedAt) || byText(one.id, other.id),
      )
      expect(customer.tickets.nodes.map((ticket) => ticket.id)).toEqual(inOrder.map((ticket) => ticket.id))
    }
  },
}

const ticketsOfOrders: FactRule = {
  title: 'a purchase knows the ticket about it, and what its customer and support said, newest first',
  async check(mesh) {
    const messages = await generatedRecords<InteractionRecord>('support.interactions')
    const [[customerId, expected] = ['', []]] = largestGroups(messages, (message) => message.customerId, 1)
    const { customer } = await mesh.query<{ customer: { interactions: { nodes: { id: string }[] } } }>(
      `{ customer(id: "${customerId}") { interactions(first: 100) { nodes { id } } } }`,
    )
    const inOrder = expected.toSorted((one, other) => byText(other.at, one.at) || byText(one.id, other.id))
    expect(customer.interactions.nodes.map(({ id }) => id)).toEqual(inOrder.map(({ id }) => id))
    for (const { id, orderId } of (await tickets()).slice(0, 10)) {
      const { order } = await mesh.query<{ order: { tickets: { nodes: { id: string }[] } } }>(
        `{ order(id: "${orderId}") { tickets { nodes { id } } } }`,
      )
      expect(order.tickets.nodes).toEqual([{ id }])
    }
  },
}

export const supportFacts: readonly FactRule[] = [everyTicket, ticketsOfQueues, ticketsOfCustomers, ticketsOfOrders]
