// What lies in `<topic>.contributions` of a direct fold: a head, and in one line by group what rows contribute, as it lies in the group's chunks too.
// A group's row is not told: the keys of its contributors say it.
import { limits } from '../../platform/limits.ts'
import { partitionOfKey } from '../../platform/partitioner.ts'
import type { AppendRecord, LogRecord } from '../../platform/ports/event-log.ts'
import {
  headOf,
  messageHead,
  passes,
  type Fences,
  type GroupChanges,
  type Met,
  type MemberChange,
  type Sender,
} from './contributions.ts'
import { charactersOf, compareEntries, MEMBER, type Entry } from './entries.ts'

/** A change of a contributor in a direct fold. */
export interface DirectChange extends MemberChange {
  readonly entry: Entry
}

export function isDirect(change: MemberChange): change is DirectChange {
  return 'entry' in change
}

type GroupEntries = readonly [group: string, entries: Entry[]]

interface Open {
  readonly groups: Map<string, GroupEntries>
  characters: number
}

/** Gathers what the rows of a batch contribute. */
export class DirectList {
  readonly #head: string
  readonly #partitions: number
  readonly #open = new Map<number, Open>()
  readonly #records: AppendRecord[] = []

  /** `sender` without an epoch: nobody's messages are dropped. */
  constructor(sender: Sender | Pick<Sender, 'number'>, partitions: number) {
    this.#head = messageHead(sender)
    this.#partitions = partitions
  }

  add(group: string, entry: Entry): void {
    const partition = partitionOfKey(Buffer.from(group), this.#partitions)
    const characters = charactersOf(entry)
    let open = this.#open.get(partition)
    if (open !== undefined && open.characters + characters > limits.foldMessageCharactersMax) {
      this.#close(partition, open)
      open = undefined
    }
    if (open === undefined) this.#open.set(partition, (open = { groups: new Map(), characters: 0 }))
    const entries = open.groups.get(group)
    if (entries === undefined) open.groups.set(group, [group, [entry]])
    else entries[1].push(entry)
    open.characters += characters + (entries === undefined ? group.length : 0)
  }

  /** All that was added; nothing may be added after. */
  records(): readonly AppendRecord[] {
    for (const [partition, open] of this.#open) this.#close(partition, open)
    this.#open.clear()
    return this.#records
  }

  #close(partition: number, { groups }: Open): void {
    const value = Buffer.from(`${this.#head}\n${JSON.stringify([...groups.values()])}`)
    this.#records.push({ key: null, value, partition })
  }
}

export interface DirectReading {
  /** Of the activation. */
  readonly number: number
  readonly fences: Fences
  /** Of the member the row alone can say what it is. */
  readonly onTie: (member: string) => void
}

/** As `contributionsIn`: of each contributor what holds of all that the records say. */
export function directIn(
  records: readonly LogRecord[],
  { number, fences, onTie }: DirectReading,
): { readonly groups: Map<string, GroupChanges>; readonly met: Met } {
  const groups = new Map<string, GroupChanges>()
  const met: Met = []
  for (const { value, offset } of records) {
    if (value === null) continue
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
    const line = text.indexOf('\n')
    const head = headOf(line < 0 ? text : text.slice(0, line))
    if (head.f !== number || !passes(head, offset, { fences, met })) continue
    // What `DirectList` made.
    for (const [group, entries] of JSON.parse(text.slice(line + 1)) as GroupEntries[]) {
      let changes = groups.get(group)
      if (changes === undefined) groups.set(group, (changes = { row: null, members: new Map() }))
      for (const entry of entries) take(changes.members, { entry, offset, onTie })
    }
  }
  return { groups, met }
}

function take(
  members: Map<string, MemberChange>,
  { entry, offset, onTie }: { readonly entry: Entry; readonly offset: number } & Pick<DirectReading, 'onTie'>,
): void {
  const member = entry[MEMBER]
  const before = members.get(member)
  let holds = entry
  if (before !== undefined && isDirect(before) && compareEntries(before.entry, entry, onTie) > 0) holds = before.entry
  const change: DirectChange = {
    entry: holds,
    text: null,
    isNew: false,
    offset,
    firstOffset: before?.firstOffset ?? offset,
  }
  members.set(member, change)
}
