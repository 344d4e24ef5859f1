// What ingest tells whoever measures it. Plain callbacks, called synchronously: they must be quick and must not throw.

export interface IngestedBatch {
  /** `domain/name`. */
  readonly product: string
  /** Records of the batch, and what became of them. Both are 0 where the batch was re-keyed only. */
  readonly records: number
  readonly written: number
  readonly rejected: number
  /** The rejected ones by the code of the first thing that was wrong. */
  readonly codes: Readonly<Record<string, number>>
  /** From the batch's arrival to the durability of all that came of it. */
  readonly durationMs: number
}

export interface IngestObserver {
  /** A batch has been ingested. */
  batch?(batch: IngestedBatch): void
  /** A batch failed and will be delivered again. `code`: of MeshgateError, else INTERNAL. */
  retry?(failure: { readonly product: string; readonly code: string }): void
  /** An expression of a fold could not be evaluated for a row, or a group not be folded: nothing comes of it. */
  foldFailed?(failure: { readonly product: string; readonly expression: string }): void
  /** Rows of inputs came for windows of a derived product that are closed: they are refused. */
  foldLate?(late: { readonly product: string; readonly rows: number }): void
  /** Rejected records have been appended to their source topic again. */
  redriven?(redriven: { readonly product: string; readonly records: number }): void
}
