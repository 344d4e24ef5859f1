// One group while a batch is folded: what its members contribute now, against what its state has of them. The state is always the fold of the
// members' rows, written with them in one piece; where the two may not agree (owners before may have written late, or what one replica alone
// has) all rows are read, the state is made from them, and what they might lose again is written once more.
import { limits } from '../../platform/limits.ts'
import type { Store, Write } from '../../platform/ports/store.ts'
import type { CompiledFold } from '../../schema/fold/compiled-fold.ts'
import { FoldFailure } from '../../schema/fold/fold-failure.ts'
import type { Contribution } from '../../schema/fold/fold-function.ts'
import type { Row } from '../../schema/row.ts'
import type { GroupChanges } from './contributions.ts'
import { isDirect } from './direct-messages.ts'
import { TIME_MS } from './entries.ts'
import { memberDelete, memberWrite, readGroup, type GroupAt, type MemberRow } from './group-rows.ts'
import type { GroupState } from './group-states.ts'
import { KnownTimes } from './known-times.ts'
import { packedIn, unpack } from './packed-contributions.ts'

export interface GroupUpdate {
  readonly at: GroupAt
  readonly changes: GroupChanges
  readonly group: GroupState
  /** Members whose rows are asked for; null where all of the group are. */
  readonly asked: readonly string[] | null
  /** An owner before may still write what it had in hand of these messages: what is said is written even where it changes nothing. */
  readonly guarded: boolean
}

/** What a group in memory or in the store has to do with changes; null where they are known already, or concern nobody. */
export function openUpdate(
  at: GroupAt,
  changes: GroupChanges,
  known: {
    readonly group: GroupState | null
    readonly compiled: CompiledFold
    readonly isDirect: boolean
    readonly guardedBefore: number
    /** Of a group that nobody knew. */
    readonly closesAt: (row: Row) => number | null
  },
): GroupUpdate | null {
  const { group, compiled, isDirect, guardedBefore, closesAt } = known
  // However much of the group this tenure has written: of a row that was and is no more by the end of the batch it writes nothing otherwise.
  const guarded = firstOf(changes) < guardedBefore
  if (group === null) {
    // Rows leave a group that nobody knows.
    if (changes.row === null) return null
    const { row } = changes
    return { at, changes, group: fresh(row, compiled, { closesAt: closesAt(row), isDirect }), asked: [], guarded }
  }
  for (const [member, { offset }] of changes.members) if (offset <= group.done) changes.members.delete(member)
  if (changes.members.size === 0) return group.owed ? { at, changes, group, asked: [], guarded } : null
  const isRepeated = group.done < 0 && firstOf(changes) <= group.applied
  const names = isRepeated ? null : asked(changes, group)
  return { at, changes, group, asked: names, guarded }
}

function firstOf({ members }: GroupChanges): number {
  let first = Number.POSITIVE_INFINITY
  for (const { firstOffset } of members.values()) first = Math.min(first, firstOffset)
  return first
}

export function lastOf({ members }: GroupChanges): number {
  let last = -1
  for (const { offset } of members.values()) last = Math.max(last, offset)
  return last
}

interface FreshGroup {
  readonly closesAt: number | null
  readonly isDirect: boolean
}

function fresh(row: Row, compiled: CompiledFold, { closesAt, isDirect }: FreshGroup): GroupState {
  const unknown = { applied: -1, early: -1, done: -1, characters: 0, closesAt, closed: false }
  const known = isDirect ? { members: null, times: new KnownTimes(null) } : { members: new Set<string>(), times: null }
  const empty = { ...unknown, ...known, row, told: new Map<string, string>(), owed: false }
  try {
    return { ...empty, state: compiled.init(row), failed: false }
  } catch (error) {
    if (!(error instanceof FoldFailure)) throw error
    // Refolded as soon as it has members, which says why.
    return { ...empty, state: null, failed: true }
  }
}

/** Members who may have rows. Where messages may have had their effects already, none is called new for what they say. */
function asked({ members }: GroupChanges, { members: known, times, applied, early }: GroupState): string[] {
  const names: string[] = []
  if (times !== null) {
    for (const [member, change] of members) {
      if (isDirect(change) && !times.isNew(change.entry[TIME_MS])) names.push(member)
    }
    return names
  }
  const seen = Math.max(applied, early)
  for (const [member, { isNew, firstOffset }] of members) {
    if (known === null ? !isNew || firstOffset <= seen : known.has(member)) names.push(member)
  }
  return names
}

/** Whether a member's row is from a message that the state does not know. */
export function isAhead({ group }: GroupUpdate, rows: ReadonlyMap<string, MemberRow>): boolean {
  for (const { at } of rows.values()) if (at > group.applied) return true
  return false
}

export interface UpdateOptions {
  readonly compiled: CompiledFold
  readonly store: Store
  readonly writeTime: number
  readonly signal: AbortSignal
  readonly onFailed: (failure: FoldFailure) => void
}

/** The members' writes, and the group as they leave it; none where nothing changes. The group's state is spent, whatever comes of it. */
export async function applyChanges(
  update: GroupUpdate,
  rows: ReadonlyMap<string, MemberRow> | null,
  options: UpdateOptions,
): Promise<Write[]> {
  const { group, changes } = update
  const applied = Math.max(lastOf(changes), group.done)
  // Rows may have been told by an owner before, later than this one knows. Once this one has told them, what the other tells of them loses.
  if (rows === null || (update.guarded && group.done < 0)) group.owed = true
  remember(group, changes.members)
  if (rows === null || group.failed) return refold(update, applied, options)
  const { writeTime, compiled } = options
  const writes: Write[] = []
  const retracted: Contribution[] = []
  const added: Contribution[] = []
  for (const [member, change] of changes.members) {
    // Those that are new have not been asked for.
    const before = rows.get(member)?.packed ?? null
    const isSame = (before === null ? null : JSON.stringify(before)) === change.text
    if (isSame && !update.guarded) continue
    const { text, offset } = change
    const packed = text === null ? null : packedIn(text)
    if (!isSame) {
      if (before !== null) unpack(compiled, member, before, retracted)
      if (packed !== null) unpack(compiled, member, packed, added)
    }
    const { fold, group: name } = update.at
    writes.push(memberWrite({ fold, group: name, member }, { offset, text, packed, writeTime }))
  }
  if (writes.length === 0) return []
  const without = retracted.length === 0 ? group.state : compiled.retract(group.state, retracted)
  const state = without === null || added.length === 0 ? without : compiled.apply(without, added)
  if (state === null) return refold(update, applied, options)
  group.state = state
  group.applied = applied
  return writes
}

function remember(group: GroupState, members: ReadonlyMap<string, unknown>): void {
  if (group.members === null) return
  if (group.members.size + members.size > limits.foldMembersKnownMax) group.members = null
  else for (const member of members.keys()) group.members.add(member)
}

/** Rows of members that contribute nothing are deleted where that many are met. */
const DELETES_MAX = 1_000

async function refold(
  update: GroupUpdate,
  applied: number,
  { compiled, store, writeTime, signal, onFailed }: UpdateOptions,
): Promise<Write[]> {
  const { at, changes, group } = update
  const rows = await readGroup(store, at, signal)
  remember(group, rows)
  const writes: Write[] = []
  const contributions: Contribution[] = []
  let deletes = 0
  for (const [member, row] of rows) {
    const change = changes.members.get(member)
    if (change !== undefined && change.offset >= row.at) continue
    if (row.packed !== null) unpack(compiled, member, row.packed, contributions)
    if (row.at > applied || change !== undefined) {
      const offset = Math.min(row.at, applied)
      group.early = Math.max(group.early, row.at)
      const text = row.packed === null ? null : JSON.stringify(row.packed)
      writes.push(memberWrite({ ...at, member }, { offset, text, packed: row.packed, writeTime }))
    } else if (row.packed === null && row.at <= group.applied && (deletes += 1) <= DELETES_MAX) {
      writes.push(memberDelete({ ...at, member }, writeTime))
    }
  }
  for (const [member, { text, offset }] of changes.members) {
    if (offset < (rows.get(member)?.at ?? 0)) continue
    const packed = text === null ? null : packedIn(text)
    if (packed !== null) unpack(compiled, member, packed, contributions)
    writes.push(memberWrite({ ...at, member }, { offset, text, packed, writeTime }))
  }
  try {
    group.state = compiled.refold(group.row, contributions)
    group.failed = false
  } catch (error) {
    if (!(error instanceof FoldFailure)) throw error
    onFailed(error)
    group.state = null
    group.failed = true
  }
  group.applied = applied
  return writes
}
