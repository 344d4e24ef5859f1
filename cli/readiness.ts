// What `/health/ready` says of `meshgate dev`, and the trouble that ends a first start: a disk that is full before the sample is loaded.
import { MeshgateError } from '../platform/errors.ts'
import type { SampleState } from './load-sample.ts'
import { count } from './progress.ts'

export interface Readiness {
  readonly state: () => { readonly ready: boolean; readonly reasons: readonly string[] }
  readonly loading: (state: SampleState) => void
  readonly done: () => void
  /** Tells of an error of ingest, which retries by itself; true when it ends the start, and is told as the start's failure. */
  readonly trouble: (error: unknown) => boolean
  /** Rejects when ingest cannot go on before `done`; never resolves. */
  readonly failed: Promise<never>
}

const DISK_FULL_CODES: readonly string[] = ['LOG_DISK_FULL', 'STORE_DISK_FULL']

export function createReadiness(): Readiness {
  let reason: string | null = 'starting'
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => undefined)
  return {
    state: () => ({ ready: reason === null, reasons: reason === null ? [] : [reason] }),
    loading: ({ done, total }) => {
      reason = `the sample is being loaded: ${count(done)} of ${count(total)} records`
    },
    done: () => {
      reason = null
    },
    trouble: (error) => {
      // Later, a mesh with a full disk goes on answering queries, and ingest goes on when there is space.
      const ends = reason !== null && error instanceof MeshgateError && DISK_FULL_CODES.includes(error.code)
      if (ends) reject(error)
      return ends
    },
    failed,
  }
}
