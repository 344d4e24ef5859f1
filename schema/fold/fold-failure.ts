// What makes a fold, or one group of it, impossible. schema knows no registry of error codes: whoever runs folds gives it one.
// Thrown by compileFold ('function-missing'), and by refold and rows of a compiled fold (the others); all else is a value.

export type FoldFailureReason =
  /** `folds.ts` exports no function of the name that @foldBy gives. */
  | 'function-missing'
  /** A function threw, or its state is no JSON value. */
  | 'function-failed'
  /** A function gave what is no row of the entity. */
  | 'rows-invalid'
  /** A group has more values or rows than schema-limits.ts allows. */
  | 'limit'

/** The message names product, entity, function or field, and group. A group that fails goes on failing until its contributions change. */
export class FoldFailure extends Error {
  readonly reason: FoldFailureReason

  constructor(reason: FoldFailureReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'FoldFailure'
    this.reason = reason
  }
}
