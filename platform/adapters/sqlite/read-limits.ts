// Bounds on what one call may read.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'

/** STORE_REQUEST_INVALID unless the limit of a page or scan is within bounds. */
export function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= limits.pageRowsMax) return
  throw new MeshgateError(
    'STORE_REQUEST_INVALID',
    `A page of ${limit} rows was asked for: ask for 1 to ${limits.pageRowsMax}.`,
  )
}
