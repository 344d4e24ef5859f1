// A problem of a product file, as a value: compilers collect them all and never throw.
import type { SourceLocation } from './model.ts'
import type { DiagnosticCode } from './diagnostic-codes.ts'

export interface Diagnostic {
  readonly code: DiagnosticCode
  readonly severity: 'ERROR' | 'WARNING'
  /** What is wrong, in one sentence, naming the thing. */
  readonly message: string
  /** What to write instead, in one sentence. */
  readonly fix: string
  readonly location: SourceLocation
}
