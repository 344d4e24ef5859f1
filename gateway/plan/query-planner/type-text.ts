// What a printed type says: the name in it, and what of it must agree between fields under one response key.
export interface TypeText {
  readonly named: string
  /** The type without its name: `[!]!`. */
  readonly wrappers: string
  readonly isNullable: boolean
  readonly isList: boolean
}

const known = new Map<string, TypeText>()
/** Far more than a supergraph has; a process that loads many begins anew. */
const KNOWN_MAX = 10_000

export function readType(type: string): TypeText {
  const found = known.get(type)
  if (found !== undefined) return found
  const read = {
    named: type.replaceAll(/[[\]!]/g, ''),
    wrappers: type.replaceAll(/[^[\]!]/g, ''),
    isNullable: !type.endsWith('!'),
    isList: type.includes('['),
  }
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(type, read)
  return read
}
