// One group of a direct fold while a batch is folded: of each contributor the highest version holds, whenever it comes. The state is always the fold of
// what the group's chunks hold, written with them in one piece; where the two may not agree all chunks are read, and the state is made from them.
import { limits } from '../../platform/limits.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { FoldFailure } from '../../schema/fold/fold-failure.ts'
import type { Contribution } from '../../schema/fold/fold-function.ts'
import type { CompiledFold } from '../../schema/fold/compiled-fold.ts'
import type { Row } from '../../schema/row.ts'
import type { Write } from '../../platform/ports/store.ts'
import type { GroupChanges } from './contributions.ts'
import { isDirect } from './direct-messages.ts'
import { compareEntries, MEMBER, saysSame, TIME_MS, type Entry } from './entries.ts'
import type { FoldPlan } from './fold-plan.ts'
import { lastOf, type GroupUpdate, type UpdateOptions } from './group-update.ts'
import { chunkWrite, newChunks, readChunks, spanOf, type Chunk } from './member-chunks.ts'
import { readOfMember } from './members.ts'

export interface DirectUpdateOptions extends UpdateOptions {
  readonly spanMs: number
  /** What the member is must be asked of its row. */
  readonly onTie: (member: string) => void
}

/** The fields of a group, which the key of any contributor says. */
export function groupRowOf({ compiled, reads }: FoldPlan, group: string, { members }: GroupChanges): Row | null {
  for (const member of members.keys()) {
    const { input, keyText } = readOfMember(member)
    const from = compiled.inputs[input]
    const fields = reads[from?.read ?? 0]?.fieldsOf(keyText) ?? null
    if (fields === null) continue
    const found = from?.possibleGroups(fields).find(({ text }) => text === group)
    if (found !== undefined) return found.row
  }
  return null
}

/** Spans in which what the group has of the changes may lie; null: all of the group is asked for. */
export function askedSpans({ asked, changes }: GroupUpdate, spanMs: number): readonly string[] | null {
  if (asked === null) return null
  const spans = new Set<string>()
  for (const member of asked) {
    const change = changes.members.get(member)
    if (change !== undefined && isDirect(change)) spans.add(spanOf(change.entry[TIME_MS], spanMs))
  }
  return [...spans]
}

/** Chunks of a message that the state does not know. */
export function areAhead({ group }: GroupUpdate, chunks: readonly Chunk[]): boolean {
  return chunks.some(({ at }) => at > group.applied)
}

/** As `applyChanges`, for a direct fold. `chunks`: of the spans asked for; null: nothing can be said by them. */
export async function applyEntries(
  update: GroupUpdate,
  chunks: readonly Chunk[] | null,
  options: DirectUpdateOptions,
): Promise<Write[]> {
  const { group, changes } = update
  const applied = Math.max(lastOf(changes), group.done)
  // Rows may have been told by an owner before, later than this one knows.
  if (chunks === null || update.guarded) group.owed = true
  if (chunks === null || group.failed) return refold(update, applied, options)
  const placed = place(update, chunks, options)
  if (placed.changed.size === 0 && placed.added.length === 0) return []
  const { compiled } = options
  const contributions = (entries: readonly Entry[]): Contribution[] => contributionsOf(compiled, entries)
  const [retracted, applying] = [contributions(placed.retracted), contributions([...placed.replaced, ...placed.added])]
  const without = retracted.length === 0 ? group.state : compiled.retract(group.state, retracted)
  const state = without === null || applying.length === 0 ? without : compiled.apply(without, applying)
  if (state === null) return refold(update, applied, options)
  group.state = state
  group.applied = applied
  return writesOf(update, placed, options)
}

interface Placed {
  /** Chunks in which a contributor's version was replaced by a higher one. */
  readonly changed: ReadonlySet<Chunk>
  readonly retracted: readonly Entry[]
  readonly replaced: readonly Entry[]
  /** Of contributors that the group had not. */
  readonly added: readonly Entry[]
}

/** Brings the changes into the chunks. */
function place({ changes }: GroupUpdate, chunks: readonly Chunk[], { onTie }: DirectUpdateOptions): Placed {
  const held = highest(chunks)
  const changed = new Set<Chunk>()
  const retracted: Entry[] = []
  const replaced: Entry[] = []
  const added: Entry[] = []
  for (const [member, change] of changes.members) {
    if (!isDirect(change)) continue
    const { entry } = change
    const place = held.get(member)
    const before = place?.chunk.entries[place.index]
    if (place === undefined || before === undefined) {
      added.push(entry)
      continue
    }
    const order = compareEntries(before, entry, onTie)
    const isSame = saysSame(before, entry)
    if (order > 0 || (order === 0 && isSame)) continue
    place.chunk.entries[place.index] = entry
    changed.add(place.chunk)
    if (isSame) continue
    retracted.push(before)
    replaced.push(entry)
  }
  return { changed, retracted, replaced, added }
}

interface Place {
  readonly chunk: Chunk
  readonly index: number
}

/** Where the version of each contributor that holds stands. */
function highest(chunks: readonly Chunk[]): Map<string, Place> {
  const held = new Map<string, Place>()
  for (const chunk of chunks) {
    for (const [index, entry] of chunk.entries.entries()) {
      const known = held.get(entry[MEMBER])
      const other = known?.chunk.entries[known.index]
      if (other !== undefined && compareEntries(other, entry, NOBODY) > 0) continue
      held.set(entry[MEMBER], { chunk, index })
    }
  }
  return held
}

const NOBODY = (): void => undefined

function writesOf(
  { at, group }: GroupUpdate,
  { changed, added }: { readonly changed: Iterable<Chunk>; readonly added: readonly Entry[] },
  { writeTime, spanMs }: DirectUpdateOptions,
): Write[] {
  const of = { offset: group.applied, writeTime }
  const writes: Write[] = []
  for (const chunk of changed) writes.push(chunkWrite(at, chunk, of))
  for (const chunk of newChunks(added, { offset: group.applied, spanMs })) writes.push(chunkWrite(at, chunk, of))
  for (const entry of added) group.times?.add(entry[TIME_MS])
  return writes
}

function contributionsOf(compiled: CompiledFold, entries: readonly Entry[]): Contribution[] {
  const contributions: Contribution[] = []
  for (const [member, , , timeMs, value] of entries) {
    if (value === null) continue
    const index = compiled.inputs[readOfMember(member).input]?.read ?? 0
    contributions.push({ input: compiled.reads[index]?.input ?? '', timeMs, member, value })
  }
  return contributions
}

async function refold(update: GroupUpdate, applied: number, options: DirectUpdateOptions): Promise<Write[]> {
  const { at, group } = update
  const { compiled, store, signal, onFailed } = options
  const chunks = await readChunks(store, at, { spans: null, signal })
  // What others wrote late might be lost again: it is written once more.
  const late = chunks.filter((chunk) => chunk.at > group.applied)
  const placed = place(update, chunks, options)
  const held = [...highest(chunks).values()].flatMap(({ chunk, index }) => chunk.entries.slice(index, index + 1))
  if (held.length + placed.added.length > limits.foldRefoldContributionsMax) {
    throw new MeshgateError('FOLD_GROUP_TOO_LARGE', `The group ${at.group.slice(0, 200)} has too many contributions.`)
  }
  for (const entry of held) group.times?.add(entry[TIME_MS])
  try {
    group.state = compiled.refold(group.row, contributionsOf(compiled, [...held, ...placed.added]))
    group.failed = false
  } catch (error) {
    if (!(error instanceof FoldFailure)) throw error
    onFailed(error)
    group.state = null
    group.failed = true
  }
  group.applied = applied
  return writesOf(update, { changed: new Set([...late, ...placed.changed]), added: placed.added }, options)
}
