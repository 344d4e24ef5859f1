// The write time of a record: its version, else the log's append time, in µs. A hash of the content fills only the digits that
// the source lacks, so that two different records of one second do not tie, and a redelivered one gets its own time again.
export interface WriteTimeSource {
  /** From the record: µs for a time, the number itself for a sequence; null: the append time decides. */
  readonly version: number | null
  /** What the version's last digit stands for, µs. */
  readonly versionResolutionUs: number
  readonly kind: 'TIME' | 'SEQUENCE' | null
  readonly appendTimeUs: number
  readonly appendResolutionUs: 1 | 1000
}

/** `contentHash` is a non-negative integer of the record's content; called only where there are digits to fill. */
export function writeTimeOf(source: WriteTimeSource, contentHash: () => number): number {
  const { version, kind } = source
  // A sequence has no digits below it: its numbers are distinct, or mean the same.
  if (version !== null && kind === 'SEQUENCE') return version
  const time = version ?? source.appendTimeUs
  const resolutionUs = version === null ? source.appendResolutionUs : source.versionResolutionUs
  if (resolutionUs <= 1) return time
  const filled = time - (time % resolutionUs) + (contentHash() % resolutionUs)
  return Number.isSafeInteger(filled) ? filled : time
}
