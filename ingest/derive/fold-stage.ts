// Third stage: brings what rows contribute into the states of their groups, durably and in one piece per group, and appends the groups' rows to the
// derived topic. A group has one owner. What is repeated after a crash finds its group's rows, and is told again with a newer version.
import { setImmediate } from 'node:timers/promises'
import { limits } from '../../platform/limits.ts'
import type { AppendRecord, EventLog, LogRecord, RecordBatch } from '../../platform/ports/event-log.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { Store, Write } from '../../platform/ports/store.ts'
import type { Contributed } from '../../schema/fold/compiled-fold.ts'
import { FoldFailure } from '../../schema/fold/fold-failure.ts'
import type { Row } from '../../schema/row.ts'
import { contributionsIn, fencesFrom, type Fences, type GroupChanges } from './contributions.ts'
import type { DirectPlan } from './direct-plan.ts'
import { directIn } from './direct-messages.ts'
import { applyEntries, areAhead, askedSpans, groupRowOf } from './direct-update.ts'
import { hasOneRow, tellingOf, type GroupTelling } from './derived-records.ts'
import { fencesAt, fenceWrite, openFences } from './fence-rows.ts'
import type { Activation, Claimed, FoldLedger } from './fold-ledger.ts'
import { foldGroup, foldKey, type FoldPlan } from './fold-plan.ts'
import { readMembers, readStates, stateWrite, type MemberRow } from './group-rows.ts'
import type { GroupState, GroupStates, TenureStates } from './group-states.ts'
import { applyChanges, isAhead, openUpdate, type GroupUpdate, type UpdateOptions } from './group-update.ts'
import { closesAt, KeptWindows, type KeptWindowsOptions } from './kept-windows.ts'
import { readChunks, type Chunk } from './member-chunks.ts'
import { readOfMember } from './members.ts'
import { requireNotPassed, requireStart } from './stage-start.ts'
import { Tenures, type Tenure } from './tenures.ts'
import { TouchList } from './touches.ts'

export interface FoldStageOptions {
  readonly plan: FoldPlan
  readonly activation: Activation
  readonly ledger: FoldLedger
  readonly log: EventLog
  readonly store: Store
  readonly states: GroupStates
  readonly clock: Clock
  /** A group could not be folded; it has no rows until its members change. */
  readonly onFailed: (failed: Contributed & { readonly kind: 'failed' }) => void
  /** Rows came for a window that is closed. */
  readonly onLate: KeptWindowsOptions['onLate']
}

interface Memory {
  readonly states: TenureStates
  readonly fences: Fences
  /** What an owner before may have had in hand ends before that offset. */
  readonly guardedBefore: number
}

interface Turn {
  readonly onPart: () => void
  readonly partition: number
  readonly tenure: Tenure<Memory>
  readonly signal: AbortSignal
  readonly writeTime: number
}

/** What the store has of a group's contributors, as far as it was asked for. */
type Held =
  | { readonly kind: 'rows'; readonly rows: ReadonlyMap<string, MemberRow> }
  | { readonly kind: 'chunks'; readonly chunks: readonly Chunk[]; readonly spanMs: number }

export class FoldStage {
  readonly #options: FoldStageOptions
  readonly #fold: string
  readonly #tenures: Tenures<Memory>
  readonly #windows: KeptWindows
  readonly #ties = new Set<string>()
  readonly #onTie = (member: string): unknown => this.#ties.add(member)
  /** Rows that it touched so far: the stage before has work again. */
  touches = 0

  constructor(options: FoldStageOptions) {
    this.#options = options
    const { plan, activation, ledger, log, states } = options
    const { fold, number } = activation
    this.#fold = foldKey(activation)
    this.#windows = new KeptWindows(options)
    const group = { log, activation, group: foldGroup(plan, 'fold', number) }
    const begin = async (first: RecordBatch, { epoch, isFirst }: Claimed): Promise<Memory> => {
      await requireStart(group, first)
      const committed = await requireNotPassed(group, first)
      const guardedBefore = isFirst ? 0 : (first.records[0]?.offset ?? 0) + limits.logBatchRecordsMax
      const at = fencesAt(this.#fold, first.partition)
      const fences = await openFences(options.store, at, { committed, writeTime: epoch })
      return { states: states.open(), fences, guardedBefore }
    }
    this.#tenures = new Tenures({ ledger, fold, number, stage: 'fold', begin })
  }

  /** `onPart`: some of the batch's groups are folded. */
  async process(batch: RecordBatch, signal: AbortSignal, onPart: () => void = () => undefined): Promise<void> {
    const { plan, activation } = this.#options
    const { partition, records } = batch
    const { number } = activation
    const onTie = this.#onTie
    const tenure = await this.#tenures.of(batch, signal)
    const { fences, guardedBefore } = tenure.memory
    const at = fencesAt(this.#fold, partition)
    // An owner before may tell any row that a group has had between two messages. Its only one is told over by its key.
    const singlyBefore = hasOneRow(plan.entity) ? 0 : guardedBefore
    for (const slice of slicesOf(records, singlyBefore)) {
      const { groups, met } =
        plan.direct === null ? contributionsIn(slice, number, fences) : directIn(slice, { number, fences, onTie })
      await this.#foldGroups([...groups], { tenure, partition, signal, onPart })
      if (met.length === 0) continue
      signal.throwIfAborted()
      await this.#options.store.write(met.map(([from, fence]) => fenceWrite(at, from, fence, tenure.next())))
      // The tenure itself reads nothing before this batch again.
      for (const [from, known] of fencesFrom(fences, records[0]?.offset ?? 0)) fences.set(from, known)
    }
    await this.#touchTies()
    // Another's write times may lie above those of this batch: it must be written over them.
    const confirm = (): Promise<void> => this.#tenures.confirm(tenure, signal)
    await confirm()
    const { states } = tenure.memory
    const lastOffset = records.at(-1)?.offset ?? 0
    const nextWriteTime = (): number => tenure.next()
    await this.#windows.close({ partition, lastOffset, states, nextWriteTime, confirm, signal })
  }

  async #foldGroups(groups: [string, GroupChanges][], of: Omit<Turn, 'writeTime'>): Promise<void> {
    for (let from = 0; from < groups.length; from += limits.foldGroupsAtOnceMax) {
      const turn = { ...of, writeTime: of.tenure.next() }
      turn.signal.throwIfAborted()
      const updates = await this.#open(groups.slice(from, from + limits.foldGroupsAtOnceMax), turn)
      await this.#update(updates, turn)
      turn.onPart()
    }
  }

  /** States first, members' rows behind them: what is written late in between shows by its offset. */
  async #open(groups: readonly [string, GroupChanges][], { tenure }: Turn): Promise<GroupUpdate[]> {
    const { plan, store, clock } = this.#options
    const { states, guardedBefore } = tenure.memory
    const known = new Map<string, GroupState | null>(groups.map(([name]) => [name, states.take(name)]))
    const unknown = [...known].flatMap(([name, state]) => (state === null ? [name] : []))
    const read = await readStates(store, this.#fold, unknown)
    unknown.forEach((name, at) => known.set(name, read[at] ?? null))
    const nowMs = clock.now()
    return groups.flatMap(([name, changes]) => {
      const group = known.get(name) ?? null
      const isDirect = plan.direct !== null
      if (isDirect && group === null) changes.row = groupRowOf(plan, name, changes)
      if (this.#windows.refuses(name, group, changes)) return []
      const until = (row: Row): number | null => closesAt(plan, row, nowMs)
      const of = { group, compiled: plan.compiled, isDirect, guardedBefore, closesAt: until }
      const update = openUpdate({ fold: this.#fold, group: name }, changes, of)
      return update === null ? [] : [update]
    })
  }

  async #update(updates: readonly GroupUpdate[], turn: Turn): Promise<void> {
    const { plan, log } = this.#options
    const { states } = turn.tenure.memory
    const noted = this.#windows.note(updates, turn.partition, turn.writeTime)
    const asked = plan.direct === null ? this.#rowsOf(updates) : this.#chunksOf(updates, plan.direct, turn)
    const [found] = await Promise.all([asked, noted])
    const records: AppendRecord[] = []
    const told: { readonly group: GroupState; readonly telling: GroupTelling }[] = []
    const writing: Promise<void>[] = []
    try {
      for (const update of updates) {
        // Until it is durable, what is known of the group is what the store has.
        states.drop(update.at.group)
        const telling = await this.#apply(update, found(update), { turn, writing })
        if (telling === null) continue
        told.push({ group: update.group, telling })
        for (const record of telling.records) records.push(record)
      }
    } finally {
      // Nothing of this is under way any more when the batch is repeated.
      await Promise.allSettled(writing)
    }
    await Promise.all(writing)
    turn.signal.throwIfAborted()
    await appendInParts(log, plan.source.topic, records)
    for (const { group, telling } of told) {
      group.told = telling.told
      group.owed = false
    }
  }

  async #rowsOf(updates: readonly GroupUpdate[]): Promise<(update: GroupUpdate) => Held> {
    const keys = updates.flatMap(({ at, asked }) => (asked ?? []).map((member) => ({ ...at, member })))
    const found = await readMembers(this.#options.store, keys)
    let next = 0
    const byUpdate = new Map<GroupUpdate, ReadonlyMap<string, MemberRow>>()
    for (const update of updates) {
      const rows = new Map<string, MemberRow>()
      for (const member of update.asked ?? []) {
        const row = found[next++] ?? null
        if (row !== null) rows.set(member, row)
      }
      byUpdate.set(update, rows)
    }
    return (update) => ({ kind: 'rows', rows: byUpdate.get(update) ?? new Map() })
  }

  async #chunksOf(
    updates: readonly GroupUpdate[],
    { spanMs }: DirectPlan,
    { signal }: Turn,
  ): Promise<(update: GroupUpdate) => Held> {
    const { store } = this.#options
    const looking = updates.filter(({ asked }) => asked !== null && asked.length > 0)
    const byUpdate = new Map<GroupUpdate, readonly Chunk[]>()
    for (let from = 0; from < looking.length; from += limits.foldPagesAtOnceMax) {
      const some = looking.slice(from, from + limits.foldPagesAtOnceMax)
      const read = some.map(async (update) => {
        byUpdate.set(update, await readChunks(store, update.at, { spans: askedSpans(update, spanMs), signal }))
      })
      await Promise.all(read)
    }
    return (update) => ({ kind: 'chunks', chunks: byUpdate.get(update) ?? [], spanMs })
  }

  /** Null where there is nothing to tell. */
  async #apply(
    update: GroupUpdate,
    held: Held,
    { turn, writing }: { readonly turn: Turn; readonly writing: Promise<void>[] },
  ): Promise<GroupTelling | null> {
    const { plan, store } = this.#options
    const { tenure, signal, writeTime } = turn
    const { group, at, changes } = update
    const onFailed = (failure: FoldFailure): void => this.#failed(failure)
    const options = { compiled: plan.compiled, store, writeTime, signal, onFailed }
    const writes = changes.members.size === 0 ? [] : await this.#writesOf(update, held, options)
    const { states } = tenure.memory
    for (const { offset } of changes.members.values()) group.done = Math.max(group.done, offset)
    if (writes.length === 0 && !group.owed) {
      states.put(at.group, group)
      return null
    }
    const telling = this.#telling(group, writeTime)
    // As if it were told: where it is not in the end the batch is repeated, and everything told again.
    const state = stateWrite(at, { ...group, told: telling.telling }, writeTime)
    group.owed = telling.records.length > 0
    group.characters = state.characters
    const written = store.writeAtomic([state.write, ...writes]).then(() => states.put(at.group, group))
    // Met when all are settled.
    written.catch(() => undefined)
    writing.push(written)
    if (writing.length % GROUPS_PER_TURN === 0) await setImmediate()
    return group.owed ? telling : null
  }

  async #writesOf(update: GroupUpdate, held: Held, options: UpdateOptions): Promise<Write[]> {
    const isAsked = update.asked !== null
    if (held.kind === 'rows') {
      return applyChanges(update, isAsked && !isAhead(update, held.rows) ? held.rows : null, options)
    }
    const { chunks, spanMs } = held
    const trusted = isAsked && !areAhead(update, chunks) ? chunks : null
    return applyEntries(update, trusted, { ...options, spanMs, onTie: this.#onTie })
  }

  /** Rows of which changes of one write time tell different things are looked at. */
  async #touchTies(): Promise<void> {
    const { plan, activation, log } = this.#options
    const ties = [...this.#ties]
    if (ties.length === 0) return
    const touches = new TouchList(plan, activation.number)
    for (const member of ties) {
      const { input, keyText } = readOfMember(member)
      const read = plan.compiled.inputs[input]?.read
      if (read !== undefined) touches.add(read, keyText)
    }
    await touches.append(log)
    this.touches += ties.length
    for (const member of ties) this.#ties.delete(member)
  }

  #telling(group: GroupState, version: number): GroupTelling {
    try {
      return tellingOf(this.#options.plan, group, version)
    } catch (error) {
      if (!(error instanceof FoldFailure)) throw error
      this.#failed(error)
      return tellingOf(this.#options.plan, { ...group, failed: true }, version)
    }
  }

  #failed({ reason, message }: FoldFailure): void {
    this.#options.onFailed({ kind: 'failed', expression: reason, message })
  }
}

/** Groups between two turns of the event loop. */
const GROUPS_PER_TURN = 32

/** Consecutive records that are folded together: before the offset each is alone, so that what the owner before may tell of it is told over. */
function slicesOf(records: readonly LogRecord[], singlyBefore: number): LogRecord[][] {
  const slices: LogRecord[][] = []
  let slice: LogRecord[] = []
  let bytes = 0
  for (const record of records) {
    const own = record.value?.length ?? 0
    if (slice.length > 0 && (record.offset <= singlyBefore || bytes + own > limits.foldSliceBytesMax)) {
      slices.push(slice)
      slice = []
      bytes = 0
    }
    slice.push(record)
    bytes += own
  }
  if (slice.length > 0) slices.push(slice)
  return slices
}

async function appendInParts(log: EventLog, topic: string, records: readonly AppendRecord[]): Promise<void> {
  let part: AppendRecord[] = []
  let bytes = 0
  for (const record of records) {
    part.push(record)
    bytes += record.value?.length ?? 0
    if (bytes < limits.foldSliceBytesMax) continue
    await log.append(topic, part)
    part = []
    bytes = 0
  }
  if (part.length > 0) await log.append(topic, part)
}
