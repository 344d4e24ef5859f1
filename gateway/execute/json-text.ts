// JSON texts of leaves, for generated writers: undefined where the value is none of its type, and who checks with care has to look at it.
import { isTooDeep } from './plain-object.ts'

/** What a JSON string cannot hold as it is: control characters, quote, backslash, and halves of surrogate pairs. */
// oxlint-disable-next-line no-control-regex -- they are what it looks for
const UNCLEAN = /[\u0000-\u001f"\\\ud800-\udfff]/

export function quote(text: string): string {
  const { length } = text
  if (length > SHORT) return UNCLEAN.test(text) ? JSON.stringify(text) : `"${text}"`
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code < 32 || code === 34 || code === 92 || (code >= 0xd800 && code <= 0xdfff)) return JSON.stringify(text)
  }
  return `"${text}"`
}

/** Below it a loop is faster than calling the regular expression. */
const SHORT = 40

/** Of an ID that is no string. */
export function idText(value: unknown): string | undefined {
  return Number.isInteger(value) ? `"${value as number}"` : undefined
}

export function intText(value: unknown): string | undefined {
  return typeof value === 'number' && (value | 0) === value ? `${value}` : undefined
}

export function floatText(value: unknown): string | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? `${value}` : undefined
}

export function booleanText(value: unknown): string | undefined {
  if (value === true) return 'true'
  return value === false ? 'false' : undefined
}

/** Of a custom scalar: only its subgraph knows what is right. */
export function anyText(value: unknown): string | undefined {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return floatText(value)
  return isTooDeep(value) ? undefined : JSON.stringify(value)
}
