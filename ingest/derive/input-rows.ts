// What is kept of an input row in mesh_FoldInputs: the groups that it may contribute to and the joined rows that it may use, and under which
// epoch that was written.
import type { Row, Value } from '../../schema/row.ts'
import type { Write } from '../../platform/ports/store.ts'
import { FOLD_DEPENDENTS, FOLD_INPUTS } from './fold-tables.ts'

export interface KeptInput {
  readonly epoch: number
  /** Group texts. */
  readonly groups: readonly string[]
  /** Of joined rows, as `joinedText` names them. */
  readonly references: readonly string[]
}

export function inputKey(fold: string, member: string): Row {
  return { fold, member }
}

export function keptInput(content: Value | undefined): KeptInput | null {
  if (content === undefined || content === null) return null
  // As `inputWrite` made it.
  const [epoch, groups, references] = content as unknown as [number, string[], string[]]
  return { epoch, groups, references }
}

export interface InputAt {
  readonly fold: string
  readonly member: string
  readonly writeTime: number
}

/** Deletes what names nothing. */
export function inputWrite({ fold, member, writeTime }: InputAt, kept: KeptInput): Write {
  const { epoch, groups, references } = kept
  if (groups.length === 0 && references.length === 0) {
    return { kind: 'delete', table: FOLD_INPUTS.name, key: { fold, member }, writeTime }
  }
  const content = [epoch, groups, references]
  const text = `{"fold":${JSON.stringify(fold)},"member":${JSON.stringify(member)},"content":${JSON.stringify(content)}}`
  return { kind: 'put', table: FOLD_INPUTS.name, row: { fold, member, content }, writeTime, text }
}

export function dependentPut({ fold, member, writeTime }: InputAt, joined: string): Write {
  return { kind: 'put', table: FOLD_DEPENDENTS.name, row: { fold, joined, member }, writeTime }
}

export function dependentDelete({ fold, member, writeTime }: InputAt, joined: string): Write {
  return { kind: 'delete', table: FOLD_DEPENDENTS.name, key: { fold, joined, member }, writeTime }
}
