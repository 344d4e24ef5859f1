// Finds where the members of JSON objects and the items of JSON arrays stand in their text, so that a record's value goes to the topic
// byte for byte as it was sent: parsing and printing it again would lose digits of numbers. Only the outline is checked here; whoever
// takes a span parses it.

export interface Span {
  readonly from: number
  readonly to: number
}

const BLANK = /[\t\n\r ]*/y
const BARE = /[^\s,:[\]{}"]+/y
/** Characters that matter while a nested value is skipped. */
const STRUCTURE = /["[\]{}]/g

/** What is wrong with a text, as an exception inside this file's callers. */
export class OutlineError extends Error {}

/** Members of the object at `span`, the last of a name winning, as in JSON.parse. */
export function memberSpans(text: string, span: Span): ReadonlyMap<string, Span> {
  const members = new Map<string, Span>()
  let at = expect(text, skipBlank(text, span.from), '{')
  at = skipBlank(text, at)
  if (text[at] === '}') return members
  for (;;) {
    const name = stringSpan(text, at)
    if (name === null) throw new OutlineError(`a member's name is missing at character ${at}`)
    at = expect(text, skipBlank(text, name.to), ':')
    const value = valueSpan(text, at)
    members.set(nameOf(text, name), value)
    at = skipBlank(text, value.to)
    if (text[at] === '}') return members
    at = skipBlank(text, expect(text, at, ','))
  }
}

/** Items of the array at `span`, in order. */
export function* itemSpans(text: string, span: Span): Generator<Span> {
  let at = skipBlank(text, expect(text, skipBlank(text, span.from), '['))
  if (text[at] === ']') return
  for (;;) {
    const item = valueSpan(text, at)
    yield item
    at = skipBlank(text, item.to)
    if (text[at] === ']') return
    at = expect(text, at, ',')
  }
}

/** The value that begins at or after `from`. */
export function valueSpan(text: string, from: number): Span {
  const at = skipBlank(text, from)
  const first = text[at]
  if (first === '{' || first === '[') return { from: at, to: endOfNested(text, at) }
  const span = first === '"' ? stringSpan(text, at) : match(BARE, text, at)
  if (span === null) throw new OutlineError(`a value is missing at character ${at}`)
  return span
}

export function skipBlank(text: string, from: number): number {
  return match(BLANK, text, from)?.to ?? from
}

function endOfNested(text: string, from: number): number {
  let depth = 0
  let at = from
  for (;;) {
    STRUCTURE.lastIndex = at
    const index = STRUCTURE.exec(text)?.index
    if (index === undefined) throw new OutlineError('the text ends inside a value')
    const character = text[index]
    if (character === '"') {
      const quoted = stringSpan(text, index)
      if (quoted === null) throw new OutlineError('the text ends inside a string')
      at = quoted.to
      continue
    }
    depth += character === '{' || character === '[' ? 1 : -1
    at = index + 1
    if (depth === 0) return at
  }
}

// No pattern: matching a string of megabytes by alternatives would exhaust the stack of the matcher.
function stringSpan(text: string, from: number): Span | null {
  if (text[from] !== '"') return null
  for (let quote = text.indexOf('"', from + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let escapes = 0
    while (text[quote - 1 - escapes] === '\\') escapes += 1
    if (escapes % 2 === 0) return { from, to: quote + 1 }
  }
  return null
}

function match(pattern: RegExp, text: string, from: number): Span | null {
  pattern.lastIndex = from
  return pattern.test(text) ? { from, to: pattern.lastIndex } : null
}

function expect(text: string, at: number, character: string): number {
  if (text[at] !== character) throw new OutlineError(`"${character}" is missing at character ${at}`)
  return at + 1
}

function nameOf(text: string, span: Span): string {
  const quoted = text.slice(span.from, span.to)
  try {
    return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
  } catch {
    throw new OutlineError(`the name at character ${span.from} is no string`)
  }
}
