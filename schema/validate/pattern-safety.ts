// Refuses patterns that a backtracking matcher may need exponential time for. Sound, not complete: what is let through cannot explode,
// and some harmless patterns have to be written otherwise.
//
// Exponential time needs a repeated group that can match one text in several ways. A group may be repeated if each of its iterations
// is found again from the text alone: it has no choice in it (fixed length), or it begins or ends with a literal character that nothing else
// in it matches, and has at most one part of variable length. Alternation, nested repetition and backreferences are refused in repeated groups.

export type Node =
  | { readonly kind: 'single'; readonly source: string; readonly literal: string | null }
  | { readonly kind: 'assertion' }
  | { readonly kind: 'group'; readonly alternatives: readonly (readonly Quantified[])[] }

export interface Quantified {
  readonly node: Node
  readonly min: number
  readonly max: number
}

class PatternRefused extends Error {}

const LITERAL_ESCAPE = /^\\[\^$\\.*+?()[\]{}|/-]$/

/** Recursive descent over a pattern that RegExp has accepted (flag u). Owns its position; lives for one call. */
export function readPattern(source: string): readonly (readonly Quantified[])[] {
  let position = 0

  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = position
    const match = pattern.exec(source)
    if (match === null) return null
    position += match[0].length
    return match[0]
  }

  const readNode = (): Node => {
    if (take(/\\[1-9]|\\k</y) !== null) throw new PatternRefused('it has a backreference')
    if (take(/\^|\$|\\[bB]/y) !== null) return { kind: 'assertion' }
    const open = take(/\((?:\?(?:[:=!]|<[=!]|<[^>]+>))?/y)
    if (open !== null) {
      const alternatives = readAlternatives()
      position++ // the closing parenthesis
      const lookaround = /[=!]$/.test(open)
      // A lookaround is matched once where it stands; its inside is judged on its own.
      if (lookaround) alternatives.forEach(judgeSequence)
      return lookaround ? { kind: 'assertion' } : { kind: 'group', alternatives }
    }
    const single =
      take(/\[(?:\\.|[^\]\\])*\]/y) ??
      take(/\\(?:u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[pP]\{[^}]*\}|c.|.)/y) ??
      take(/[^]/uy) ??
      ''
    const character = LITERAL_ESCAPE.test(single) ? single.slice(1) : single
    const literal = /^.$/su.test(character) && single !== '.' ? character : null
    return { kind: 'single', source: single, literal }
  }

  const readQuantifier = (): { min: number; max: number } => {
    const text = take(/(?:[*+?]|\{\d+(?:,\d*)?\})\??/y)
    if (text === null) return { min: 1, max: 1 }
    if (text.startsWith('*')) return { min: 0, max: Infinity }
    if (text.startsWith('+')) return { min: 1, max: Infinity }
    if (text.startsWith('?')) return { min: 0, max: 1 }
    const [, min = '0', comma, max] = /^\{(\d+)(,?)(\d*)/.exec(text) ?? []
    return { min: Number(min), max: comma === '' ? Number(min) : max === '' ? Infinity : Number(max) }
  }

  const readAlternatives = (): (readonly Quantified[])[] => {
    const alternatives: Quantified[][] = [[]]
    while (position < source.length && source[position] !== ')') {
      if (take(/\|/y) !== null) alternatives.push([])
      else {
        const node = readNode()
        alternatives.at(-1)?.push({ node, ...readQuantifier() })
      }
    }
    return alternatives
  }

  return readAlternatives()
}

/** A group that is not repeated is its content; more than one alternative stays a choice. */
function flatten(sequence: readonly Quantified[]): readonly Quantified[] {
  return sequence.flatMap((item) => {
    if (item.node.kind !== 'group' || item.min !== 1 || item.max !== 1) return [item]
    const [only, second] = item.node.alternatives
    return only !== undefined && second === undefined ? flatten(only) : [item]
  })
}

function judgeRepeatedGroup(alternatives: readonly (readonly Quantified[])[]): void {
  const [only, second] = alternatives
  if (only === undefined || second !== undefined) throw new PatternRefused('a repeated group has alternatives')
  const items = flatten(only).filter((item) => item.node.kind !== 'assertion')
  if (items.some((item) => item.node.kind === 'group'))
    throw new PatternRefused('a repeated group has groups with choices')
  const variable = items.filter((item) => item.min !== item.max)
  if (variable.length === 0) return
  if (variable.length > 1) throw new PatternRefused('a repeated group has several parts of variable length')
  const separates = (item: Quantified | undefined): boolean => {
    if (item === undefined || item.node.kind !== 'single' || item.min !== 1 || item.max !== 1) return false
    const { literal } = item.node
    return literal !== null && items.every((other) => other === item || !matches(other.node, literal))
  }
  if (!separates(items[0]) && !separates(items.at(-1))) {
    throw new PatternRefused('a repeated group has a part of variable length and no separator')
  }
}

const matches = (node: Node, character: string): boolean =>
  node.kind === 'single' && new RegExp(`^${node.source}$`, 'u').test(character)

function judgeSequence(sequence: readonly Quantified[]): void {
  for (const { node, max } of sequence) {
    if (node.kind !== 'group') continue
    if (max > 1) judgeRepeatedGroup(node.alternatives)
    else node.alternatives.forEach(judgeSequence)
  }
}

/** Why the pattern may need exponential time; null where it cannot. The pattern compiles with the flag u. */
export function patternDanger(source: string): string | null {
  try {
    readPattern(source).forEach(judgeSequence)
    return null
  } catch (error) {
    if (error instanceof PatternRefused) return error.message
    throw error
  }
}
