// Where a character of a string literal stands in the file: an expression's error is shown at its own column, not at the string's.
import type { ASTNode } from 'graphql'
import type { SourceLocation } from '../model.ts'
import type { Reporter } from './reporter.ts'

/** Characters that the value's first `offset` characters take in a quoted string (escapes are longer than what they stand for). */
function rawLength(raw: string, offset: number): number {
  let position = 0
  for (let taken = 0; taken < offset && position < raw.length; taken++) {
    const escape = /^\\(?:u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|.)/.exec(raw.slice(position, position + 12))
    position += escape?.[0].length ?? 1
  }
  return position
}

function placeInBlock(raw: string, value: string, offset: number): { line: number; column: number } {
  const before = value.slice(0, offset).split('\n')
  const rawLines = raw.split(/\r\n|[\n\r]/)
  const skipped = Math.max(
    0,
    rawLines.findIndex((line) => line.trim() !== ''),
  )
  const line = skipped + before.length - 1
  const valueLine = value.split('\n')[before.length - 1] ?? ''
  const rawLine = rawLines[line] ?? ''
  const indent = Math.max(0, rawLine.indexOf(valueLine))
  return { line, column: indent + (before.at(-1)?.length ?? 0) }
}

/** The place of the value's character `offset` (from 0); the literal's own where `node` is no string. */
export function placeInString(node: ASTNode, offset: number, reporter: Reporter): SourceLocation {
  const start = reporter.locate(node)
  if (node.kind !== 'StringValue' || node.loc === undefined) return start
  const text = node.loc.source.body.slice(node.loc.start, node.loc.end)
  if (node.block !== true) return { ...start, column: start.column + 1 + rawLength(text.slice(1, -1), offset) }
  const { line, column } = placeInBlock(text.slice(3, -3), node.value, offset)
  return { ...start, line: start.line + line, column: line === 0 ? start.column + 3 + column : column + 1 }
}
