// The orders that the ingest bench loads: about 250 bytes of JSON each, with two lines. Ids count up, or are scattered over the key space.
import { createHash } from 'node:crypto'
import type { AppendRecord } from '../../platform/ports/event-log.ts'

export type OrderIds = 'sequential' | 'random'

const FIRST_PLACED_MS = Date.UTC(2026, 0, 1)
const STATUSES = ['PAID', 'SHIPPED', 'RETURNED']
const CHANNELS = ['WEB', 'SHOP', 'PHONE']

/** The record of an order; the same number gives the same record. */
export function orderRecord(number: number, ids: OrderIds): AppendRecord {
  const id = orderId(number, ids)
  const cents = [((number * 37) % 9_000) + 100, ((number * 91) % 5_000) + 100]
  const total = (cents[0] ?? 0) + (cents[1] ?? 0)
  const order = {
    id,
    customerId: `c${String((number * 7_919) % 100_003)}`,
    placedAt: new Date(FIRST_PLACED_MS + number * 17).toISOString(),
    status: STATUSES[number % 3],
    currency: 'EUR',
    channel: CHANNELS[number % 3],
    total: amountText(total),
    lines: cents.map((amount, line) => ({
      productId: `p${String((number * 31 + line * 1_009) % 10_007)}`,
      quantity: (number % 9) + 1,
      amount: amountText(amount),
    })),
  }
  return { key: Buffer.from(id), value: Buffer.from(JSON.stringify(order)) }
}

function orderId(number: number, ids: OrderIds): string {
  if (ids === 'sequential') return `o${String(number).padStart(11, '0')}`
  return createHash('md5').update(String(number)).digest('hex').slice(0, 12)
}

function amountText(cents: number): string {
  return `${String(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, '0')}`
}
