// Reads a line of a text source into the record that its fields read: the named groups of the source's pattern, `$line` and `$key`.
import type { Entity, Product, Source } from '../model.ts'
import { schemaLimits } from '../schema-limits.ts'
import { decodeUtf8 } from './record-json.ts'
import type { JsonObject } from './record-json.ts'
import { compileTextMembers } from './text-members.ts'

/** Members that a line has beside the groups of its pattern. */
export const LINE_MEMBER = '$line'
export const KEY_MEMBER = '$key'

export type Line =
  { readonly kind: 'record'; readonly record: JsonObject } | { readonly kind: 'unmatched'; readonly message: string }

export type ReadLine = (text: string, messageKey: Uint8Array | null) => Line

/** A pattern is what the whole line is. */
export const wholeLinePattern = (pattern: string): string => `^(?:${pattern})$`

export function compileLine(product: Product, entity: Entity, source: Source): ReadLine {
  const pattern = new RegExp(wholeLinePattern(source.pattern ?? ''), 'u')
  const readMembers = compileTextMembers(product, entity)
  const { textLineCharactersMax } = schemaLimits
  return (text, messageKey) => {
    if (text.length > textLineCharactersMax)
      return unmatched(`The line has more than ${textLineCharactersMax} characters.`)
    const match = pattern.exec(text)
    // Without the line: rejected records are grouped by what is said of them, and have their bytes.
    if (match === null) return unmatched("The line does not match the source's pattern.")
    const groups = Object.entries<string | undefined>(match.groups ?? {})
    const members = groups.map(([name, group]): [string, string | null] => [name, group ?? null])
    members.push([LINE_MEMBER, text])
    if (messageKey !== null) members.push([KEY_MEMBER, keyTextOf(messageKey)])
    return { kind: 'record', record: readMembers(members) }
  }
}

/** A key that is no text is none. */
function keyTextOf(messageKey: Uint8Array): string | null {
  try {
    return decodeUtf8(messageKey)
  } catch {
    return null
  }
}

const unmatched = (message: string): Line => ({ kind: 'unmatched', message })
