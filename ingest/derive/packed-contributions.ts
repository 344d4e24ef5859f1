// What a row contributes to a group as it lies in messages and in the store: without what its place says already, which is most of it.
import type { CompiledFold } from '../../schema/fold/compiled-fold.ts'
import type { Contribution } from '../../schema/fold/fold-function.ts'
import { invariant } from '../../platform/errors.ts'
import { readOfMember } from './members.ts'

/** Event time, what tells the element from others of its row, and the value: of each contribution. */
export type Packed = readonly (readonly [timeMs: number | null, element: string, value: Contribution['value']])[]

/** JSON of the contributions of one member. */
export function packedText(member: string, contributions: readonly Contribution[]): string {
  return JSON.stringify(
    contributions.map((each) => {
      invariant(each.member.startsWith(member), `${each.member} is of ${member}`)
      return [each.timeMs, each.member.slice(member.length), each.value]
    }),
  )
}

export function packedIn(text: string): Packed {
  // What `packedText` made.
  return JSON.parse(text) as Packed
}

/** Adds the contributions to a list. */
export function unpack(compiled: CompiledFold, member: string, packed: Packed, into: Contribution[]): void {
  const index = compiled.inputs[readOfMember(member).input]?.read ?? 0
  const input = compiled.reads[index]?.input ?? ''
  for (const [timeMs, element, value] of packed) into.push({ input, timeMs, member: member + element, value })
}
