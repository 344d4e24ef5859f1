// @source(pattern:) of text sources: there where it is needed, safe on any line, and with a group for every field that reads one.
import { KEY_MEMBER, LINE_MEMBER } from '../emit/record-line.ts'
import { argumentPlace, directiveOf, memberOf, optionalTextOf } from '../parse/directive-values.ts'
import { suggestName } from '../parse/nearest-name.ts'
import type { Directive } from '../parse/read-directives.ts'
import type { Reporter } from '../parse/reporter.ts'
import { schemaLimits } from '../schema-limits.ts'
import { patternDanger } from './pattern-safety.ts'
import { openPartsOf } from './pattern-steps.ts'
import type { TypeShape } from './shapes.ts'

const OWN_MEMBERS = [LINE_MEMBER, KEY_MEMBER]

/** Null of other formats, and where it is broken (reported). */
export function compileLinePattern(shape: TypeShape, directive: Directive, reporter: Reporter): string | null {
  const pattern = optionalTextOf(directive, 'pattern')
  const isText = memberOf(directive, 'format', ['JSON', 'TEXT']) === 'TEXT'
  if (!isText) {
    if (pattern === null) return null
    const message = '@source(pattern:) says how a line of text is read, and the format is JSON.'
    reporter.error(
      'SOURCE_CONFLICT',
      argumentPlace(directive, 'pattern'),
      message,
      'Add format: TEXT, or remove pattern.',
    )
    return null
  }
  if (pattern === null) {
    const message = '@source(format: TEXT) does not say what a line holds.'
    const fix = 'Add pattern: with a named group for each field, e.g. pattern: "(?<host>[^ ]+) (?<status>[0-9]+)".'
    reporter.error('SOURCE_PATTERN', argumentPlace(directive, 'format'), message, fix)
    return null
  }
  if (memberOf(directive, 'envelope', ['NONE', 'CLOUDEVENTS', 'DEBEZIUM']) !== 'NONE') {
    const message = 'An envelope is JSON, and the format is TEXT.'
    reporter.error('SOURCE_CONFLICT', argumentPlace(directive, 'envelope'), message, 'Remove envelope.')
  }
  const problem = problemOf(pattern)
  if (problem !== null) {
    reporter.error('SOURCE_PATTERN', argumentPlace(directive, 'pattern'), problem.message, problem.fix)
    return null
  }
  checkMembers(shape, groupsOf(pattern), reporter)
  return pattern
}

interface Problem {
  readonly message: string
  readonly fix: string
}

function problemOf(pattern: string): Problem | null {
  const most = schemaLimits.patternCharactersMax
  if (pattern.length > most)
    return { message: `The pattern has ${pattern.length} characters.`, fix: `Write at most ${most}.` }
  try {
    new RegExp(pattern, 'u')
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error)
    return {
      message: `The pattern does not compile: ${reason}.`,
      fix: 'Write a JavaScript regular expression as with the flag u; escape only what must be.',
    }
  }
  const danger = patternDanger(pattern)
  if (danger !== null)
    return {
      message: `The pattern may take for ever on some lines: ${danger}.`,
      fix: 'Write it without choices in repeated groups, e.g. "[ab]*" for "(a|b)*".',
    }
  const open = openPartsOf(pattern)
  if (open.length > 1)
    return {
      message: `The pattern may take very long on some lines: ${open.map((part) => `"${part}"`).join(' and ')} may each end at several places.`,
      fix: String.raw`End each part but one with a character that it does not match itself, e.g. "[^ ]+ " or "\\[[^\\]]+\\]".`,
    }
  const reserved = groupsOf(pattern).find((name) => name.includes('$'))
  if (reserved !== undefined)
    return { message: `The pattern has a group called "${reserved}".`, fix: 'Name it without "$".' }
  if (groupsOf(pattern).length === 0)
    return {
      message: 'The pattern has no named group, so a line would say nothing.',
      fix: 'Write (?<name>…) around what a field is to hold.',
    }
  return null
}

/** Names of the groups in the pattern: what a match has, matched or not. */
function groupsOf(pattern: string): readonly string[] {
  return Object.keys(new RegExp(`${pattern}|`, 'u').exec('')?.groups ?? {})
}

/** Every stored field must be able to get a value from somewhere. */
function checkMembers(shape: TypeShape, groups: readonly string[], reporter: Reporter): void {
  const members = [...groups, ...OWN_MEMBERS]
  for (const field of shape.fields.values()) {
    if (field.role !== 'stored') continue
    const from = directiveOf(field.declaration.directives, 'from')
    if (from?.broken === true) continue
    const named = from === null ? null : optionalTextOf(from, 'field')
    const member = named ?? field.name
    const hasDefault = from !== null && optionalTextOf(from, 'default') !== null
    if (members.includes(member) || hasDefault) continue
    const at = from === null || named === null ? field.declaration.node : argumentPlace(from, 'field')
    const message = `"${shape.name}.${field.name}" reads "${member}", and the source's pattern has no such group.`
    reporter.error('SOURCE_PATTERN', at, message, suggestName(member, members))
  }
}
