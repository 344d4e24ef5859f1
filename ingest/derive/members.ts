// Texts that name rows in the tables of folds: an input row by the fold it goes into, a joined row by how it is read.

/** An input row among all that a fold is made from. */
export function memberText(input: number, keyText: string): string {
  return `${input}:${keyText}`
}

export function readOfMember(member: string): { readonly input: number; readonly keyText: string } {
  const colon = member.indexOf(':')
  return { input: Number(member.slice(0, colon)), keyText: member.slice(colon + 1) }
}

/** A joined row. */
export function joinedText(read: number, keyText: string): string {
  return `${read}:${keyText}`
}
