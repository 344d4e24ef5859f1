// What `/health/ready` says of `meshgate dev` while it starts and loads the sample.
import type { SampleState } from './load-sample.ts'
import { count } from './progress.ts'

export interface Readiness {
  readonly state: () => { readonly ready: boolean; readonly reasons: readonly string[] }
  readonly loading: (state: SampleState) => void
  readonly done: () => void
}

export function createReadiness(): Readiness {
  let reason: string | null = 'starting'
  return {
    state: () => ({ ready: reason === null, reasons: reason === null ? [] : [reason] }),
    loading: ({ done, total }) => {
      reason = `the sample is being loaded: ${count(done)} of ${count(total)} records`
    },
    done: () => {
      reason = null
    },
  }
}
