// What the support sample consists of: tickets and messages that a seed generates and must go on generating.
import { expect, test } from 'vitest'
import { purchases } from '../../samples/foodmart/purchases.ts'
import { supportLoads } from '../../samples/support-loads.ts'
import { ticketHistory, type TicketRecord } from '../../samples/support/ticket-history.ts'
import { recordsOfLoad } from './records-digest.ts'

test('tickets are what the seed always gave: 9,444 states of 1,994 tickets', async () => {
  const { records, digest } = await recordsOfLoad(supportLoads, 'support.tickets')
  expect([records.length, new Set(records.map(({ key }) => key)).size]).toEqual([9_444, 1_994])
  expect(digest).toBe('637139fe6ddb6d5807c0152fcac842a4acd89bff88899f27573e158214f5d406')
})

test('every change of a ticket has a time of its own, and some arrive behind newer ones', async () => {
  const { records } = await recordsOfLoad(supportLoads, 'support.tickets')
  const times = new Set(
    records.map(({ value }) => `${(value as TicketRecord).id} ${(value as TicketRecord).updatedAt}`),
  )
  expect(times.size).toBe(records.length)
  const newest = new Map<string, string>()
  let overtaken = 0
  for (const { key, value } of records) {
    const { updatedAt } = value as TicketRecord
    const known = newest.get(key) ?? ''
    if (updatedAt < known) overtaken++
    else newest.set(key, updatedAt)
  }
  expect(overtaken).toBe(223)
})

test('tickets are opened, answered and closed in this order, only closed ones are rated, and some are open at the end of the year', async () => {
  const { states } = ticketHistory(await purchases())
  const wrong = states.filter(
    ({ state, openedAt, firstAnsweredAt, closedAt, satisfaction, updatedAt }) =>
      (state === 'CLOSED') !== (closedAt !== null) ||
      (state !== 'OPEN' && firstAnsweredAt === null) ||
      (satisfaction !== null && state !== 'CLOSED') ||
      [firstAnsweredAt, closedAt].some((at) => at !== null && (at < openedAt || at > updatedAt)) ||
      updatedAt >= '1998',
  )
  expect(wrong).toEqual([])
  const last = new Map(states.map((state) => [state.id, state]))
  const counts = Map.groupBy(last.values(), ({ state }) => state)
  expect([...counts].map(([state, { length }]) => [state, length])).toEqual([
    ['CLOSED', 1_825],
    ['ANSWERED', 107],
    ['OPEN', 62],
  ])
})

test('messages are what the seed always gave: 6,018, each of a ticket, answers by an agent', async () => {
  const { records, digest } = await recordsOfLoad(supportLoads, 'support.interactions')
  expect([records.length, new Set(records.map(({ key }) => key)).size]).toEqual([6_018, 6_018])
  const { states, interactions } = ticketHistory(await purchases())
  const tickets = new Set(states.map(({ id }) => id))
  const wrong = interactions.filter(
    ({ ticketId, direction, agent }) => !tickets.has(ticketId) || (direction === 'OUTBOUND') !== (agent !== null),
  )
  expect(wrong).toEqual([])
  expect(digest).toBe('c3264395eb362d5232ed871ba3368fb37f836af7098956dd1a4bb93f29bd3c15')
})
