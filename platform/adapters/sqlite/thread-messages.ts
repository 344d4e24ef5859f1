// What crosses the threads: requests and answers as JSON text, one string each. A string is copied as bytes; an object would be walked
// and rebuilt field by field on both sides.
import type { Row } from '../../../schema/row.ts'
import type { FailureCode } from '../../errors.ts'
import type { DeleteWrite, IndexRequest, PageRequest, PutWrite, ScanRequest } from '../../ports/store.ts'
import type { Catalog } from './catalog.ts'
import type { MigrationPlan } from './plan-migration.ts'

/** A put without its row, whose text travels beside the request (row-text.ts). */
export type SentPut = Omit<PutWrite, 'row'> & { readonly scalarChars: number }
export type SentWrite = SentPut | DeleteWrite

export type WriterRequest =
  | { readonly kind: 'load' }
  | { readonly kind: 'write'; readonly nowMs: number; readonly atomic: boolean; readonly writes: readonly SentWrite[] }
  | { readonly kind: 'migrate'; readonly plan: MigrationPlan; readonly keep: boolean }
  | { readonly kind: 'use'; readonly catalog: Catalog }
  | { readonly kind: 'sweep'; readonly nowMs: number }
  | { readonly kind: 'close' }

export type ReaderRequest =
  | {
      readonly kind: 'read'
      readonly nowMs: number
      readonly table: string
      readonly keys: readonly Row[]
      readonly writeTimes: boolean
    }
  | { readonly kind: 'page'; readonly nowMs: number; readonly table: string; readonly request: PageRequest }
  | { readonly kind: 'scan'; readonly nowMs: number; readonly table: string; readonly request: ScanRequest }
  | { readonly kind: 'byIndex'; readonly nowMs: number; readonly table: string; readonly request: IndexRequest }
  | { readonly kind: 'use'; readonly catalog: Catalog }
  | { readonly kind: 'close' }

export interface Failure {
  readonly code: FailureCode
  readonly message: string
}

/** A batch of requests, each its id, its text, and the texts of the rows of its puts in their order. */
export type RequestBatch = readonly (readonly [id: number, text: string, rows: readonly string[]])[]

/** Their answers: text on success. `fatal`: the thread cannot work and ends. */
export type AnswerBatch =
  | { readonly answers: readonly (readonly [id: number, text: string | null, failure: Failure | null])[] }
  | { readonly fatal: Failure }

/** What a thread starts with. */
export interface ThreadData {
  readonly files: readonly string[]
  readonly catalog: Catalog
}
