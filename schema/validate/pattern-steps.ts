// How long a pattern may take on a text that it does not match, beyond what pattern-safety.ts refuses: parts of variable length that the
// following text does not end for certain are tried at every length. One of them costs the square of the text, several its cube and more.
import { type Quantified, readPattern } from './pattern-safety.ts'

type Accepts = (character: string) => boolean

const NOTHING: Accepts = () => false

/** Lengths tried of a bounded part: a constant. */
const BOUNDED_MAX = 8

/** Characters that sets are compared by, beside those of the pattern: Latin in whole, and some of what else there is, in several planes. */
const CHARACTERS = [
  ...Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code)),
  ...Array.from('ΩЖאض中あ한€\u{2028}\u{1F600}'),
]

const union =
  (left: Accepts, right: Accepts): Accepts =>
  (character) =>
    left(character) || right(character)

type Overlap = (left: Accepts, right: Accepts) => boolean

const overlapOn =
  (characters: readonly string[]): Overlap =>
  (left, right) =>
    characters.some((character) => left(character) && right(character))

function singleOf(source: string): Accepts {
  const pattern = new RegExp(`^${source}$`, 'u')
  return (character) => pattern.test(character)
}

/** What the sequence, and what follows where it may be empty, can begin with. */
function firstOf(sequence: readonly Quantified[], follow: Accepts): Accepts {
  let first = NOTHING
  for (const { node, min } of sequence) {
    if (node.kind === 'assertion') continue
    first = union(first, node.kind === 'single' ? singleOf(node.source) : firstOfAny(node.alternatives, NOTHING))
    const mayBeEmpty = min === 0 || (node.kind === 'group' && node.alternatives.some(isOptional))
    if (!mayBeEmpty) return first
  }
  return union(first, follow)
}

function firstOfAny(alternatives: readonly (readonly Quantified[])[], follow: Accepts): Accepts {
  return alternatives.map((alternative) => firstOf(alternative, follow)).reduce(union, NOTHING)
}

function isOptional(sequence: readonly Quantified[]): boolean {
  return sequence.every(
    ({ node, min }) =>
      min === 0 || node.kind === 'assertion' || (node.kind === 'group' && node.alternatives.some(isOptional)),
  )
}

function openParts(sequence: readonly Quantified[], follow: Accepts, overlap: Overlap): string[] {
  return sequence.flatMap(({ node, min, max }, index) => {
    if (node.kind === 'assertion') return []
    const after = firstOf(sequence.slice(index + 1), follow)
    if (node.kind === 'single') {
      const isOpen = max - min > BOUNDED_MAX && overlap(singleOf(node.source), after)
      return isOpen ? [node.source] : []
    }
    const again = max > 1 ? union(after, firstOfAny(node.alternatives, after)) : after
    return node.alternatives.flatMap((alternative) => openParts(alternative, again, overlap))
  })
}

/** The parts, as written, that what follows them does not end for certain. The pattern compiles with the flag u. */
export function openPartsOf(source: string): readonly string[] {
  const overlap = overlapOn([...CHARACTERS, ...Array.from(source)])
  return readPattern(source).flatMap((alternative) => openParts(alternative, NOTHING, overlap))
}
