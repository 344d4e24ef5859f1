// Collects diagnostics while a product is compiled, so that none stops the others. Owned by one compilation.
import type { ASTNode } from 'graphql'
import type { Diagnostic } from '../diagnostic.ts'
import type { DiagnosticCode } from '../diagnostic-codes.ts'
import type { SourceLocation } from '../model.ts'

export interface Reporter {
  /** Where a node begins; for a definition with a description give its name node. */
  locate(node: ASTNode): SourceLocation
  error(code: DiagnosticCode, at: ASTNode | SourceLocation, message: string, fix: string): void
  warning(code: DiagnosticCode, at: ASTNode | SourceLocation, message: string, fix: string): void
  hasErrors(): boolean
  /** By place, then code, then message; the same problem at the same place once. */
  diagnostics(): readonly Diagnostic[]
}

export function compareDiagnostics(left: Diagnostic, right: Diagnostic): number {
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  return (
    byText(left.location.file, right.location.file) ||
    left.location.line - right.location.line ||
    left.location.column - right.location.column ||
    byText(left.code, right.code) ||
    byText(left.message, right.message)
  )
}

export function createReporter(file: string): Reporter {
  const found = new Map<string, Diagnostic>()
  const locate = (node: ASTNode): SourceLocation => ({
    file,
    line: node.loc?.startToken.line ?? 1,
    column: node.loc?.startToken.column ?? 1,
  })
  const add = (diagnostic: Diagnostic) => {
    const { line, column } = diagnostic.location
    const identity = `${line}:${column}:${diagnostic.code}:${diagnostic.message}`
    if (!found.has(identity)) found.set(identity, diagnostic)
  }
  const placed = (at: ASTNode | SourceLocation): SourceLocation => ('kind' in at ? locate(at) : at)
  return {
    locate,
    error: (code, at, message, fix) => add({ code, severity: 'ERROR', message, fix, location: placed(at) }),
    warning: (code, at, message, fix) => add({ code, severity: 'WARNING', message, fix, location: placed(at) }),
    hasErrors: () => [...found.values()].some((one) => one.severity === 'ERROR'),
    diagnostics: () => [...found.values()].toSorted(compareDiagnostics),
  }
}
