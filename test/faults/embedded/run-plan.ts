// What a seed does to an embedded mesh: which products and records, and a row of lives, each with its faults and its end.
import { fractions, seededInteger, shuffled } from '../../seeded-random.ts'
import { derivedOf, type FaultDerived } from '../fault-derived.ts'
import { FAULT_PRODUCTS, type FaultProduct } from '../fault-products.ts'

/** What can happen in a process that is killed in the end: at any moment, in a chosen call, or with what the disk had not synced. */
export const CHILD_FAULTS = ['KILL', 'CRASH_POINT', 'TORN_WRITE', 'POWER_LOSS', 'TORN_TAIL'] as const
export const INSIDE_FAULTS = [
  'DISK_FULL',
  'DISK_ERRORS',
  'STORE_REJECTS',
  'STORE_SLOW',
  'REBALANCE',
  'CLOCK',
  'SUBSCRIBER_DROPS',
  'MAINTENANCE',
] as const
/** The group's positions are gone when the life begins; retention passes when all is done. */
const OTHER_FAULTS = ['POSITIONS_LOST', 'RETENTION'] as const

export type ChildFault = (typeof CHILD_FAULTS)[number]
export type InsideFault = (typeof INSIDE_FAULTS)[number]
export type Fault = ChildFault | InsideFault | (typeof OTHER_FAULTS)[number]

export interface Life {
  /** Null: in this process, closed in the end. */
  readonly child: ChildFault | null
  readonly faults: readonly InsideFault[]
  readonly positionsLost: boolean
  /** Posts acknowledged, of all, at which it ends. */
  readonly untilPosts: number
}

export interface RunPlan {
  readonly seed: number
  readonly products: readonly FaultProduct[]
  /** Made from some of them. */
  readonly derived: FaultDerived
  readonly records: number
  readonly faults: readonly Fault[]
  /** Before a last one, without faults, in which everything is compared. */
  readonly lives: readonly Life[]
  readonly segmentBytesMax: number
  readonly batchRecordsMax: number
}

export function planRun(seed: number, posts: (plan: Pick<RunPlan, 'products' | 'records'>) => number): RunPlan {
  const random = seededInteger(seed * 2 + 1)
  const mixed = <T>(items: readonly T[]): T[] => shuffled(items, fractions(random))
  const faults = mixed<Fault>([...CHILD_FAULTS, ...INSIDE_FAULTS, ...OTHER_FAULTS]).slice(0, 2 + random(3))
  const products = mixed(FAULT_PRODUCTS).slice(0, 2 + random(3))
  const records = 120 + random(160)
  const children = faults.filter((fault): fault is ChildFault => CHILD_FAULTS.includes(fault as ChildFault))
  const inside = faults.filter((fault): fault is InsideFault => INSIDE_FAULTS.includes(fault as InsideFault))
  // Two faults of one process are told apart in half of the runs, and meet in the others.
  const insideLives = random(2) === 0 ? inside.map((fault) => [fault]) : inside.length > 0 ? [inside] : []
  const drawn = mixed([
    ...children.map((child) => ({
      child,
      faults: inside.filter((fault) => fault.startsWith('STORE') && random(2) === 0),
    })),
    ...insideLives.map((own) => ({ child: null, faults: own })),
  ])
  const lives = [{ child: null, faults: [] }, ...drawn]
  const total = posts({ products, records })
  const lostIn = faults.includes('POSITIONS_LOST') ? 1 + random(lives.length) : -1
  return {
    seed,
    products,
    derived: derivedOf(seed, products),
    records,
    faults,
    lives: [...lives, ...(lostIn === lives.length ? [{ child: null, faults: [] }] : [])].map((life, index, all) => ({
      ...life,
      positionsLost: index === lostIn,
      untilPosts: Math.floor((total * (index + 1)) / all.length),
    })),
    segmentBytesMax: 4_096 << random(8),
    batchRecordsMax: 1 + random(40),
  }
}
