// Windows that are kept for a time only (@window(keptFor:)): when one is closed, what it was made from is dropped, its row stays, and what comes for
// it is refused and told. What is closed stays closed, a line in its place says so; which windows are due stands by the hour beside the groups.
// Closing asks nothing of the clocks but that somebody's says so: whatever is accepted before counts, whatever is not is refused whole.
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { Store, Write } from '../../platform/ports/store.ts'
import { cellText, type Row } from '../../schema/row.ts'
import { schemaLimits } from '../../schema/schema-limits.ts'
import type { GroupChanges } from './contributions.ts'
import type { Activation } from './fold-ledger.ts'
import { foldKey, type FoldPlan } from './fold-plan.ts'
import { FOLD_GROUPS, STATE_MEMBER } from './fold-tables.ts'
import { contentWrite, memberDelete, readStates, stateWrite, type GroupAt } from './group-rows.ts'
import type { GroupState, TenureStates } from './group-states.ts'
import type { GroupUpdate } from './group-update.ts'

export interface KeptWindowsOptions {
  readonly plan: FoldPlan
  readonly activation: Activation
  readonly store: Store
  readonly clock: Clock
  /** Rows came too late for a window, named by its group's text. */
  readonly onLate: (late: { readonly group: string; readonly rows: number }) => void
}

/** Behind a batch that is folded and told. */
export interface ClosingTurn {
  readonly partition: number
  /** Of the batch: what is known of later messages may not have been told. */
  readonly lastOffset: number
  readonly states: TenureStates
  readonly nextWriteTime: () => number
  /** Rejects where the partition is somebody else's. */
  readonly confirm: () => Promise<void>
  readonly signal: AbortSignal
}

/**
 * Whether rows of the window may have ended before the activation began, so that it cannot be made anew: what an activation before made of it
 * stays. Only of folds over inputs whose rows end.
 */
export function mayLackRows(
  { plan, activation }: Pick<KeptWindowsOptions, 'plan' | 'activation'>,
  group: Row,
): boolean {
  const { compiled, endsMs } = plan
  if (endsMs === null || compiled.keptForMs === null) return false
  const window = compiled.windowOf(group)
  if (window === null) return false
  return window.startMs + endsMs - schemaLimits.foldEndedRowsMarginMs <= activation.floor / 1_000
}

/** When a window that is first heard of now may be closed; null: never. */
export function closesAt({ compiled }: FoldPlan, group: Row, nowMs: number): number | null {
  const window = compiled.keptForMs === null ? null : compiled.windowOf(group)
  if (window === null || compiled.keptForMs === null) return null
  return Math.max(window.endMs, nowMs) + compiled.keptForMs
}

export class KeptWindows {
  readonly #options: KeptWindowsOptions
  readonly #fold: string
  /** By partition, when to look again. */
  readonly #looks = new Map<number, number>()

  constructor(options: KeptWindowsOptions) {
    this.#options = options
    this.#fold = foldKey(options.activation)
  }

  /** Whether nothing that the messages say of the group is taken any more. Those that it had taken before it was closed are no news. */
  refuses(name: string, group: GroupState | null, { members, row }: GroupChanges): boolean {
    let late = 0
    if (group === null) {
      if (row === null || !mayLackRows(this.#options, row)) return false
      for (const { text } of members.values()) if (text !== null) late += 1
    } else {
      if (!group.closed) return false
      for (const { offset } of members.values()) if (offset > group.applied) late += 1
    }
    if (late > 0) this.#options.onLate({ group: name, rows: late })
    return true
  }

  /** Notes when groups that are new, or may have been noted by nobody, are due. Durable before they are. */
  async note(updates: readonly GroupUpdate[], partition: number, writeTime: number): Promise<void> {
    const hours = new Set<number>()
    const writes: Write[] = []
    for (const { at, group, asked } of updates) {
      if (group.closesAt === null || (group.applied >= 0 && asked !== null)) continue
      const hour = hourOf(group.closesAt)
      hours.add(hour)
      writes.push(contentWrite({ ...this.#dueAt(partition, hour), member: at.group }, { content: 1, writeTime }).write)
    }
    for (const hour of hours) {
      writes.push(contentWrite({ ...this.#hoursAt(partition), member: textOf(hour) }, { content: 1, writeTime }).write)
    }
    if (writes.length > 0) await this.#options.store.write(writes)
  }

  /** Closes some of the windows that are due; others behind batches to come. */
  async close(turn: ClosingTurn): Promise<void> {
    const { clock, store, plan } = this.#options
    const { partition, signal } = turn
    const nowMs = clock.now()
    if (plan.compiled.keptForMs === null || nowMs < (this.#looks.get(partition) ?? 0)) return
    const at = this.#hoursAt(partition)
    const page = await store.page(FOLD_GROUPS.name, { partition: { ...at }, limit: limits.pageRowsMax })
    for (const { member } of page.rows) {
      const hour = Number(member)
      if ((hour + 1) * HOUR_MS > nowMs) break
      if (!(await this.#closeHour(this.#dueAt(partition, hour), nowMs, turn))) return
      signal.throwIfAborted()
      await store.write([memberDelete({ ...at, member: textOf(hour) }, turn.nextWriteTime())])
    }
    this.#looks.set(partition, nowMs + limits.foldClosingLookMs)
  }

  /** False where something is left to do. */
  async #closeHour(due: GroupAt, nowMs: number, turn: ClosingTurn): Promise<boolean> {
    const { store } = this.#options
    for (;;) {
      const limit = limits.foldGroupsAtOnceMax
      const page = await store.page(FOLD_GROUPS.name, { partition: { ...due }, limit })
      const names = page.rows.map(({ member }) => cellText(member))
      if (names.length === 0) return true
      const groups = await this.#states(names, turn.states)
      const ended: string[] = []
      const gone: string[] = []
      for (const [name, group] of groups) {
        // Never written, or noted elsewhere: a batch that was repeated heard of it later.
        if (group === null || group.closesAt === null || group.closesAt > nowMs) gone.push(name)
        else if (!group.owed && group.applied <= turn.lastOffset) ended.push(name)
      }
      const left = await this.#drop(ended, groups, turn)
      const done = [...gone, ...ended.filter((name) => !left.has(name))]
      turn.signal.throwIfAborted()
      const writeTime = turn.nextWriteTime()
      if (done.length > 0) await store.write(done.map((name) => memberDelete({ ...due, member: name }, writeTime)))
      if (done.length < names.length) return false
      if (!page.more) return true
    }
  }

  /** Those of the groups that still have members' rows. */
  async #drop(
    names: readonly string[],
    groups: ReadonlyMap<string, GroupState | null>,
    { states, confirm, nextWriteTime, signal }: ClosingTurn,
  ): Promise<Set<string>> {
    const { store } = this.#options
    const left = new Set(names)
    const writeTime = nextWriteTime()
    const closing: Write[] = []
    for (const name of names) {
      const group = groups.get(name) ?? null
      if (group === null) continue
      states.drop(name)
      const closed = { ...group, closed: true, state: null, failed: false, told: NOTHING }
      closing.push(stateWrite({ fold: this.#fold, group: name }, closed, writeTime).write)
    }
    if (closing.length === 0) return left
    signal.throwIfAborted()
    await store.write(closing)
    // An owner after this one knows that they are closed, or has gone on with them and needs their members.
    await confirm()
    let rowsLeft: number = limits.foldMembersDroppedAtOnceMax
    for (const name of names) {
      if (rowsLeft <= 0) break
      const at = { fold: this.#fold, group: name }
      let after = STATE_MEMBER
      for (let more = true; more && rowsLeft > 0;) {
        const page = await store.page(FOLD_GROUPS.name, {
          partition: { ...at },
          limit: limits.pageRowsMax,
          after: { member: after },
        })
        signal.throwIfAborted()
        const deletes = page.rows.map(({ member }) => memberDelete({ ...at, member: cellText(member) }, writeTime))
        if (deletes.length > 0) await store.write(deletes)
        after = cellText(page.rows.at(-1)?.['member'] ?? after)
        rowsLeft -= deletes.length
        more = page.more
        if (!more) left.delete(name)
      }
    }
    return left
  }

  async #states(names: readonly string[], states: TenureStates): Promise<Map<string, GroupState | null>> {
    const groups = new Map<string, GroupState | null>(names.map((name) => [name, states.take(name)]))
    const unknown = names.filter((name) => groups.get(name) === null)
    const read = await readStates(this.#options.store, this.#fold, unknown)
    unknown.forEach((name, at) => groups.set(name, read[at] ?? null))
    return groups
  }

  /** The hours in which groups of a partition are due; no group's text: those are JSON arrays. */
  #hoursAt(partition: number): GroupAt {
    return { fold: this.#fold, group: `due/${partition}` }
  }

  #dueAt(partition: number, hour: number): GroupAt {
    return { fold: this.#fold, group: `due/${partition}/${textOf(hour)}` }
  }
}

const NOTHING: ReadonlyMap<string, string> = new Map()
const HOUR_MS = 3_600_000
const HOUR_DIGITS = 8

function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS)
}

/** In the order of time. */
function textOf(hour: number): string {
  return String(hour).padStart(HOUR_DIGITS, '0')
}
