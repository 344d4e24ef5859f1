// Where a supergraph is read again and again: a file or a URL. A source says what is there now; whether it can be served is not its business.
import { createHash } from 'node:crypto'

export interface SupergraphSource {
  /** As it was given. */
  readonly name: string
  /** Between two looks. */
  readonly pollMs: number
  /** While it cannot be read, doubled each time up to this. */
  readonly pollMsMax: number
  /**
   * What is there; null where it is what was read last. `anyway`: even if nothing seems to have changed. Rejects where it cannot be read; what
   * was read last then still counts as such.
   */
  read(anyway: boolean, signal: AbortSignal): Promise<string | null>
}

const ID_CHARACTERS = 16

/** Equal for equal texts: what health, metrics and the log call a supergraph. */
export function supergraphId(supergraphSdl: string): string {
  return createHash('sha256').update(supergraphSdl).digest('hex').slice(0, ID_CHARACTERS)
}

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source)
}
