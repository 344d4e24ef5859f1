// From a message's bytes to JSON values. Numbers stay exact where a double would round them: only then is the text read a
// second time, with the numbers' own digits.
import { schemaLimits } from '../schema-limits.ts'

/** A JSON number whose digits a double does not hold. */
export class ExactNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Throws on bytes that are no UTF-8. */
export const decodeUtf8 = (bytes: Uint8Array): string => utf8.decode(bytes)

/** More significant digits in a row than every double keeps (15). A false alarm, as in a long text of digits, costs time only. */
const longDigits = /\d[\d.]{15}/

export const mayHoldLongNumbers = (text: string): boolean => longDigits.test(text)

type Reviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown

const keepDigits: Reviver = (_key, value, context) => {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || source.length < 16) return value
  return new ExactNumber(source)
}

/** As JSON.parse, with numbers of many digits as ExactNumber. The reviver recurses: throws RangeError on very deep texts. */
export const parseJsonExactly = (text: string): unknown => JSON.parse(text, keepDigits)

export type JsonObject = { readonly [name: string]: unknown }

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)

/** A value of the scalar JSON: exact numbers become doubles. Undefined where it nests deeper than the limit. */
export function plainJson(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth >= schemaLimits.recordDepthMax) return undefined
  if (value instanceof ExactNumber) {
    const number = Number(value.text)
    return Number.isFinite(number) ? number : undefined
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => plainJson(item, depth + 1))
    return items.includes(undefined) ? undefined : items
  }
  const entries = Object.entries(value).map(([name, item]) => [name, plainJson(item, depth + 1)] as const)
  // fromEntries defines properties, so that a member called `__proto__` stays a member.
  return entries.some(([, item]) => item === undefined) ? undefined : Object.fromEntries(entries)
}
