// Text to syntax tree by graphql-js. A syntax error ends the compilation: after it, every other problem would be a guess.
import { type DocumentNode, GraphQLError, parse } from 'graphql'
import { schemaLimits } from '../schema-limits.ts'
import type { Reporter } from './reporter.ts'

/** Brackets nested this deep cannot be a type of the language; graphql-js recurses over them. */
const NESTED_TOO_DEEP = new RegExp(`[[{(]{${schemaLimits.typeDepthMax * 8},}`)

export function parseDocument(file: string, text: string, reporter: Reporter): DocumentNode | null {
  const deep = NESTED_TOO_DEEP.exec(text)
  if (deep !== null) {
    const line = text.slice(0, deep.index).split('\n')
    const at = { file, line: line.length, column: (line.at(-1)?.length ?? 0) + 1 }
    reporter.error('PRODUCT_SYNTAX', at, 'Brackets are nested too deep.', 'Remove the surplus brackets.')
    return null
  }
  if (text.trim() === '') {
    const fix = 'Write a product, beginning with `extend schema @product(...)`.'
    reporter.error('PRODUCT_SYNTAX', { file, line: 1, column: 1 }, 'The file is empty.', fix)
    return null
  }
  try {
    return parse(text, { maxTokens: schemaLimits.productTokensMax })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    const { line, column } = error.locations?.[0] ?? { line: 1, column: 1 }
    const message = error.message.replace(/^Syntax Error: /, '')
    reporter.error('PRODUCT_SYNTAX', { file, line, column }, message, suggestSyntax(message))
    return null
  }
}

function suggestSyntax(message: string): string {
  if (message.startsWith('Unterminated string')) return 'Close the string with a quote on the same line.'
  if (message.includes('<EOF>')) return 'Close what is open: a brace, bracket or parenthesis is missing before the end.'
  if (message === 'Expected Name, found "=".')
    return 'Fields have no "=": write @from(default: "...") for what a record lacks.'
  const expected = /^Expected (.+), found (.+)\.$/.exec(message)
  if (expected !== null) return `Write ${expected[1]} before ${expected[2]}.`
  return 'Mend the SDL at this place.'
}
