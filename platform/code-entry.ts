// What the registry says of one error code.

export interface CodeEntry {
  /** When it occurs, in one sentence. */
  readonly meaning: string
  /** What whoever meets it does. */
  readonly action: string
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean
}
