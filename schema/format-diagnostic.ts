// A diagnostic as terminals and logs show it: a line that editors can jump to, and the fix below it.
import type { Diagnostic } from './diagnostic.ts'

/** `file:line:column CODE message`, a newline, two spaces and the fix. Warnings say so after the code. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column } = diagnostic.location
  const code = diagnostic.severity === 'WARNING' ? `${diagnostic.code} (warning)` : diagnostic.code
  return `${file}:${line}:${column} ${code} ${diagnostic.message}\n  ${diagnostic.fix}`
}
