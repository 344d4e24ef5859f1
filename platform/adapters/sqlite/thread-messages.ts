// What crosses the threads: requests and answers as JSON text, one string each, and beside a request the keys or rows that it is about, as
// bytes that are transferred, or a string of them. A string is copied as bytes; an object would be walked and rebuilt field by field on both sides.
import type { FailureCode } from '../../errors.ts'
import type { IndexRequest, PageRequest, ScanRequest } from '../../ports/store.ts'
import type { Catalog } from './catalog.ts'
import type { KeyPart } from './key-part.ts'
import type { MigrationPlan } from './plan-migration.ts'

export type WriterRequest =
  | { readonly kind: 'load' }
  | { readonly kind: 'write'; readonly nowMs: number }
  | { readonly kind: 'migrate'; readonly plan: MigrationPlan; readonly keep: boolean }
  | { readonly kind: 'use'; readonly catalog: Catalog }
  | { readonly kind: 'sweep'; readonly nowMs: number }
  | { readonly kind: 'close' }

export type ReaderRequest =
  | {
      readonly kind: 'read'
      readonly nowMs: number
      readonly table: string
      readonly writeTimes: boolean
      readonly lengths: KeyPart['lengths']
      readonly shards?: KeyPart['shards'] | undefined
    }
  | { readonly kind: 'page'; readonly nowMs: number; readonly table: string; readonly request: PageRequest }
  | { readonly kind: 'scan'; readonly nowMs: number; readonly table: string; readonly request: ScanRequest }
  | { readonly kind: 'byIndex'; readonly nowMs: number; readonly table: string; readonly request: IndexRequest }
  | { readonly kind: 'use'; readonly catalog: Catalog }
  | { readonly kind: 'close' }

export type CheckpointRequest = { readonly kind: 'checkpoint'; readonly shard: number } | { readonly kind: 'close' }

export interface Failure {
  readonly code: FailureCode
  readonly message: string
}

/** The writes of a write: write-part.ts. */
export interface BinaryPart {
  readonly count: number
  readonly meta: Float64Array
  readonly bytes: Uint8Array
}

/** A batch of requests, each its id, its text, and what it is about: writes, or the keys of a read (key-part.ts). */
export type RequestBatch = readonly (readonly [id: number, text: string, part: BinaryPart | string | null])[]

/** Their answers: text on success. `fatal`: the thread cannot work and ends. */
export type AnswerBatch =
  | { readonly answers: readonly (readonly [id: number, text: string | null, failure: Failure | null])[] }
  | { readonly fatal: Failure }

/** What a thread starts with. */
export interface ThreadData {
  readonly files: readonly string[]
  readonly catalog: Catalog
}
