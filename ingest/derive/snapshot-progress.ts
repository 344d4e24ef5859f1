// How far the snapshot of an activation is, by the marks in the ledger, whoever takes it.
import { SETTLED, type Activation, type FoldLedger, type SnapshotMark } from './fold-ledger.ts'
import type { FoldPlan, ReadPlan } from './fold-plan.ts'

export interface SnapshotOf {
  readonly plan: FoldPlan
  readonly activation: Activation
  readonly ledger: FoldLedger
}

const NOTHING: SnapshotMark = { after: null, rows: 0, done: false }

/** The entities whose rows are folded. */
export function foldedReads({ compiled, reads }: FoldPlan): ReadPlan[] {
  const indexes = new Set(compiled.inputs.map(({ read }) => read))
  return reads.filter(({ index }) => indexes.has(index))
}

/** `of`: an input, or `SETTLED`. As the ledger was last read. */
export function snapshotMark({ activation, ledger }: SnapshotOf, of: string): SnapshotMark {
  const { fold, number } = activation
  return ledger.snapshot({ fold, number, of }) ?? NOTHING
}

/** Whether every row of the inputs has been touched. */
export function isTouched(snapshot: SnapshotOf): boolean {
  return foldedReads(snapshot.plan).every(({ read }) => snapshotMark(snapshot, read.input).done)
}

/** Whether rows of former activations are deleted as well. */
export function isSettled(snapshot: SnapshotOf): boolean {
  return snapshot.activation.number === 1 || snapshotMark(snapshot, SETTLED).done
}
