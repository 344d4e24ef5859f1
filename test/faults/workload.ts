// A seeded stream of records: entities that are created, corrected, moved to another customer and back, deleted and made again; some records
// late, some twice, some broken. Every delivery has a number in a header; every record a serial number in a column.
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import { seededInteger } from '../seeded-random.ts'
import type { FaultProduct } from './fault-products.ts'
import { breakRecord, BREAKAGES, makeCells, makeRecord } from './record-maker.ts'

type Random = (below: number) => number

/** Of every record that the suite appends: its number among them. */
export const DELIVERY_HEADER = 'fault-delivery'

/** One call of append. */
export interface Post {
  readonly product: FaultProduct
  readonly records: readonly AppendRecord[]
  /** Of each record, its delivery number. */
  readonly deliveries: readonly number[]
}

export interface WorkloadOptions {
  readonly seed: number
  readonly products: readonly FaultProduct[]
  /** Happenings in all; duplicates come beside them. */
  readonly records: number
  /** Most records of one post; default 12. */
  readonly postRecordsMax?: number
}

interface Entity {
  readonly id: string
  alive: boolean
  customerId: string
  /** Where it was before its last move: it often goes back. */
  formerCustomerId: string
  rank: number
}

interface Delivery {
  readonly product: FaultProduct
  readonly record: AppendRecord
  /** When it is sent, in happenings. */
  readonly at: number
}

const CUSTOMERS = 5

export function makeWorkload({ seed, products, records, postRecordsMax = 12 }: WorkloadOptions): readonly Post[] {
  const random = seededInteger(seed)
  const streams = products.map((product) => new Stream(product, random, Math.max(3, Math.ceil(records / 40))))
  const deliveries: Delivery[] = []
  for (let serial = 1; serial <= records; serial++) {
    const stream = streams[random(streams.length)]
    if (stream !== undefined)
      deliveries.push(...deliver(stream.product, stream.next(serial), { serial, records, random }))
  }
  return inPosts(
    deliveries.toSorted((left, right) => left.at - right.at),
    postRecordsMax,
    random,
  )
}

/** The happenings of one product, one after the other. */
class Stream {
  readonly product: FaultProduct
  readonly #random: Random
  readonly #entities: readonly Entity[]
  #version = 1_000

  constructor(product: FaultProduct, random: Random, entities: number) {
    this.product = product
    this.#random = random
    this.#entities = Array.from({ length: entities }, (_, number) => {
      const customerId = customer(random)
      return {
        id: `${product.name}-${number}`,
        alive: false,
        customerId,
        formerCustomerId: customerId,
        rank: random(4),
      }
    })
  }

  next(serial: number): AppendRecord {
    const { product } = this
    const random = this.#random
    const entity = this.#entities[random(this.#entities.length)] as Entity
    // Now and then two happenings of one version: every cell decides by itself then.
    if (random(25) > 0) this.#version += 1 + random(4)
    const version = this.#version
    if (entity.alive && random(6) === 0 && !product.immutable) {
      entity.alive = false
      return makeRecord(product, { id: entity.id, version, cells: null, customerId: entity.customerId })
    }
    if (!product.immutable) this.#move(entity)
    entity.alive = true
    const { customerId, rank } = entity
    const cells = makeCells(product, serial, { customerId, rank }, random)
    // The field that keys the messages is in every record.
    if (product.keyField === 'customerId') cells['customerId'] = customerId
    return makeRecord(product, { id: entity.id, version, cells, customerId })
  }

  #move(entity: Entity): void {
    const kind = this.#random(5)
    if (kind === 0) {
      entity.formerCustomerId = entity.customerId
      entity.customerId = customer(this.#random)
    }
    if (kind === 1) [entity.customerId, entity.formerCustomerId] = [entity.formerCustomerId, entity.customerId]
    if (kind === 2) entity.rank = this.#random(4)
  }
}

const customer = (random: Random): string => `customer-${random(CUSTOMERS)}`

interface Moment {
  readonly serial: number
  readonly records: number
  readonly random: Random
}

/** When the record is sent: at once, late where its version says what is newer, and perhaps once more. */
function deliver(product: FaultProduct, made: AppendRecord, { serial, records, random }: Moment): Delivery[] {
  const breakage = BREAKAGES[random(BREAKAGES.length)]
  const record = random(14) === 0 && breakage !== undefined ? breakRecord(product, made, breakage) : made
  const at = product.version === null ? serial : serial + lateness(records, random)
  const deliveries = [{ product, record, at }]
  if (random(12) === 0) deliveries.push({ product, record, at: at + lateness(records, random) })
  return deliveries
}

function lateness(records: number, random: Random): number {
  const kind = random(30)
  if (kind === 0) return random(records)
  return kind < 10 ? random(30) : random(2)
}

function inPosts(deliveries: readonly Delivery[], postRecordsMax: number, random: Random): Post[] {
  const posts: Post[] = []
  let number = 0
  for (let from = 0; from < deliveries.length;) {
    const window = deliveries.slice(from, from + 1 + random(postRecordsMax * 2))
    from += window.length
    for (const product of new Set(window.map((delivery) => delivery.product))) {
      const own = window.filter((delivery) => delivery.product === product)
      const numbers = own.map(() => number++)
      posts.push({
        product,
        deliveries: numbers,
        records: own.map(({ record }, index) => numbered(record, numbers[index] ?? 0)),
      })
    }
  }
  return posts
}

export function numbered(record: AppendRecord, delivery: number): AppendRecord {
  return { ...record, headers: { ...record.headers, [DELIVERY_HEADER]: String(delivery) } }
}
