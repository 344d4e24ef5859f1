// Records of orders and items at random: few of each, so that they change, move, vanish and come back.
import type { AppendRecord } from '../../../platform/ports/event-log.ts'
import type { Random } from '../random-things.ts'
import { itemRecord, orderRecord, removal } from './sales-mesh.ts'

const ITEMS = 6
const ORDERS = 30
const SHOPS = ['north', 'south', 'east']
const CATEGORIES = ['drinks', 'food', 'leaves']

export function randomOrder(random: Random): AppendRecord {
  const id = `o${random(ORDERS)}`
  if (random(6) === 0) return removal(id)
  const lines = Array.from({ length: random(4) }, () => ({
    item: `i${random(ITEMS)}`,
    amount: String((random(500) - 20) / 100),
  }))
  const placedAt = new Date(Date.UTC(2026, 0, 1 + random(3), random(24), random(60))).toISOString()
  return orderRecord({ id, shop: SHOPS[random(SHOPS.length)] ?? '', placedAt, lines })
}

export function randomItem(random: Random): AppendRecord {
  const id = `i${random(ITEMS)}`
  if (random(4) === 0) return removal(id)
  return itemRecord({ id, category: CATEGORIES[random(CATEGORIES.length)] ?? '' })
}
