// What a load is about, whether this process does it or hands it to another.
import type { LoadResult } from '../ingest/load/load-file.ts'
import type { LoadSource } from '../ingest/sources/load-record.ts'
import type { Config } from '../platform/config.ts'
import type { Product } from '../schema/model.ts'
import type { CommandContext } from './command-context.ts'
import type { RejectedReason } from '../ingest/dead-letter/rejected-summary.ts'

export interface LoadWork {
  readonly product: Product
  readonly entity?: string
  readonly source: LoadSource & { readonly kind: 'file' }
  readonly config: Config
  readonly context: CommandContext
}

export interface LoadOutcome extends LoadResult {
  /** Of the records that were rejected since the command began. */
  readonly reasons: readonly RejectedReason[]
}

/** How many records the file holds, by how far its bytes are read; null at its beginning. */
export function estimatedTotal(
  records: number,
  bytes: { readonly read: number; readonly total: number } | null,
): number | null {
  if (bytes === null || bytes.read === 0 || records === 0) return null
  return Math.max(records, Math.round((records * bytes.total) / bytes.read))
}
