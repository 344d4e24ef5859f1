// What the suite and the process that it kills say to one another.
import type { AppendRecord, Position } from '../../../platform/ports/event-log.ts'
import type { SubgraphRequest, SubgraphResponse } from '../../../platform/ports/subgraph-endpoint.ts'
import type { StoreFaults } from './fault-store.ts'

/** Where the process ends itself: in its so-manieth operation on files or store; null: it is ended from outside. */
export interface Crash {
  readonly kind: 'POINT' | 'TORN_WRITE' | 'POWER_LOSS'
  readonly operation: number
}

export interface OpenMessage {
  readonly kind: 'open'
  readonly directory: string
  /** Names of the products. */
  readonly products: readonly string[]
  readonly seed: number
  readonly segmentBytesMax: number
  readonly batchRecordsMax: number
  readonly store: StoreFaults
  readonly crash: Crash | null
}

export type ToChild =
  | OpenMessage
  | { readonly kind: 'append'; readonly id: number; readonly topic: string; readonly records: readonly AppendRecord[] }
  | {
      readonly kind: 'subscribe'
      readonly id: number
      readonly product: string
      readonly request: Pick<SubgraphRequest, 'query' | 'extensions' | 'principal'>
    }
  | { readonly kind: 'unsubscribe'; readonly id: number }

export type FromChild =
  | { readonly kind: 'opened' }
  | { readonly kind: 'appended'; readonly id: number; readonly positions: readonly Position[] }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'event'; readonly id: number; readonly response: SubgraphResponse }
  | { readonly kind: 'ended'; readonly id: number }

/** In the data directory: what a process knew to be durable when it died of a loss of power. */
export const DURABLE_FILE = 'durable.json'
