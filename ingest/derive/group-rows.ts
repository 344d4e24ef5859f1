// A group's partition of mesh_FoldGroups: its state, and per member what it contributes, each with the offset of the message it is from. What is
// read of a member behind the state that was read before is from a message that the state does not know.
import { limits } from '../../platform/limits.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { Store, Write } from '../../platform/ports/store.ts'
import type { FoldState } from '../../schema/fold/compiled-fold.ts'
import { cellText, type Row, type Value } from '../../schema/row.ts'
import { FOLD_GROUPS, STATE_MEMBER } from './fold-tables.ts'
import type { GroupState } from './group-states.ts'
import { KnownTimes } from './known-times.ts'
import type { Packed } from './packed-contributions.ts'

/** Names a group's partition. */
export interface GroupAt {
  readonly fold: string
  readonly group: string
}

export interface MemberRow {
  readonly at: number
  /** Null: nothing any more. */
  readonly packed: Packed | null
}

interface StoredState {
  /** Offset applied. */
  readonly a: number
  readonly g: Row
  /** Keys and hashes of rows. */
  readonly k: readonly (readonly [string, string])[]
  readonly s: FoldState
  readonly f?: true
  /** Offset of `early`. */
  readonly u?: number
  /** `closesAt`. */
  readonly t?: number
  /** Closed. */
  readonly x?: true
  /** Latest event time of a contributor, of a direct fold. */
  readonly l?: number | null
}

interface StoredMember {
  readonly a: number
  readonly c: Packed | null
}

/** In the order asked; null where there is no such group. */
export async function readStates(
  store: Store,
  fold: string,
  groups: readonly string[],
): Promise<(GroupState | null)[]> {
  const keys = groups.map((group) => ({ fold, group, member: STATE_MEMBER }))
  return (await readAll(store, keys)).map((content) => {
    if (content === null) return null
    const { a, g, k, s, f, u = -1, t = null, x, l } = content as unknown as StoredState
    const unknown = { done: -1, owed: false, characters: 0, members: null }
    const window = { closesAt: t, closed: x === true, times: l === undefined ? null : new KnownTimes(l) }
    return { ...unknown, ...window, state: s, failed: f === true, row: g, applied: a, early: u, told: new Map(k) }
  })
}

/** In the order asked; null where there is no such member. */
export async function readMembers(
  store: Store,
  keys: readonly (GroupAt & { readonly member: string })[],
): Promise<(MemberRow | null)[]> {
  return (await readAll(store, keys)).map((content) => (content === null ? null : memberRow(content)))
}

async function readAll(store: Store, keys: readonly object[]): Promise<(Value | null)[]> {
  const contents: (Value | null)[] = []
  for (let from = 0; from < keys.length; from += limits.readKeysMax) {
    const found = await store.read(FOLD_GROUPS.name, keys.slice(from, from + limits.readKeysMax) as readonly Row[])
    for (const stored of found) contents.push(stored?.row['content'] ?? null)
  }
  return contents
}

function memberRow(content: Value): MemberRow {
  const { a, c } = content as unknown as StoredMember
  return { at: a, packed: c }
}

/** All members of a group. FOLD_GROUP_TOO_LARGE beyond what a process may hold of one. */
export async function readGroup(
  store: Store,
  { fold, group }: GroupAt,
  signal: AbortSignal,
): Promise<Map<string, MemberRow>> {
  const members = new Map<string, MemberRow>()
  let contributions = 0
  for (let after = { member: STATE_MEMBER }; ;) {
    const page = await store.page(FOLD_GROUPS.name, { partition: { fold, group }, limit: limits.pageRowsMax, after })
    signal.throwIfAborted()
    for (const row of page.rows) {
      const member = memberRow(row['content'] ?? null)
      contributions += member.packed?.length ?? 0
      members.set(cellText(row['member']), member)
    }
    if (contributions > limits.foldRefoldContributionsMax) {
      const message = `The group ${group.slice(0, 200)} has more than ${limits.foldRefoldContributionsMax} contributions, and its fold must go over all of them: group by more, or use functions that can be retracted.`
      throw new MeshgateError('FOLD_GROUP_TOO_LARGE', message)
    }
    const last = page.rows.at(-1)
    if (!page.more || last === undefined) return members
    after = { member: cellText(last['member']) }
  }
}

export interface Written {
  readonly write: Write
  /** Of its text. */
  readonly characters: number
}

export function stateWrite(at: GroupAt, group: GroupState, writeTime: number): Written {
  const { state, row, applied, early, told, failed, closesAt, closed, times } = group
  const kept = {
    ...(failed ? { f: true as const } : {}),
    ...(early > applied ? { u: early } : {}),
    ...(closesAt === null ? {} : { t: closesAt }),
    ...(closed ? { x: true as const } : {}),
    ...(times === null ? {} : { l: times.latestMs }),
  }
  const content: StoredState = { a: applied, g: row, k: [...told], s: state, ...kept }
  return contentWrite({ ...at, member: STATE_MEMBER }, { content: content as unknown as Value, writeTime })
}

export interface MemberToWrite {
  readonly offset: number
  /** Null: nothing any more. */
  readonly packed: Packed | null
  /** The same as JSON. */
  readonly text: string | null
  readonly writeTime: number
}

export function memberWrite(
  at: GroupAt & { readonly member: string },
  { offset, packed, text, writeTime }: MemberToWrite,
): Write {
  const content = { a: offset, c: packed } as unknown as Value
  // The text is put into the row's as it is.
  return contentWrite(at, { content, contentText: `{"a":${offset},"c":${text ?? 'null'}}`, writeTime }).write
}

/** A member that contributes nothing, and whose row says so. */
export function memberDelete(at: GroupAt & { readonly member: string }, writeTime: number): Write {
  return { kind: 'delete', table: FOLD_GROUPS.name, key: { ...at }, writeTime }
}

export function contentWrite(
  { fold, group, member }: GroupAt & { readonly member: string },
  {
    content,
    contentText = JSON.stringify(content),
    writeTime,
  }: { readonly content: Value; readonly contentText?: string; readonly writeTime: number },
): Written {
  const text = `${headOf(fold, group)}${JSON.stringify(member)},"content":${contentText}}`
  const row = { fold, group, member, content }
  return { write: { kind: 'put', table: FOLD_GROUPS.name, row, writeTime, text }, characters: text.length }
}

let lastFold = ''
let lastGroup = ''
let lastHead = ''

/** Writes mostly come group by group. */
function headOf(fold: string, group: string): string {
  if (fold !== lastFold || group !== lastGroup || lastHead === '') {
    lastHead = `{"fold":${JSON.stringify(fold)},"group":${JSON.stringify(group)},"member":`
    lastFold = fold
    lastGroup = group
  }
  return lastHead
}
