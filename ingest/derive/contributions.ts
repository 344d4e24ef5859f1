// What lies in `<topic>.contributions`: what rows contribute to groups, many to a record, all of one group in one partition, and fences. A
// record is text in lines, so that a contribution is passed on to the store as it was written: a head, and for every group `g` with its text
// and row, then for every row of it one line with a sign and its member, and where it contributes a line with what.
import { limits } from '../../platform/limits.ts'
import { partitionOfKey } from '../../platform/partitioner.ts'
import type { AppendRecord, LogRecord } from '../../platform/ports/event-log.ts'
import type { Group } from '../../schema/fold/compiled-fold.ts'
import type { Row } from '../../schema/row.ts'

export interface Sender {
  /** Number of the activation. */
  readonly number: number
  /** Partition of `<topic>.touched`. */
  readonly partition: number
  readonly epoch: number
}

/** Of a message. Without a sender's partition and epoch it counts whoever sent it. */
export interface Head {
  readonly f: number
  readonly q?: number
  readonly e?: number
  /** Messages of lower epochs behind it are dropped. */
  readonly fence?: true
}

/** New: the row has not contributed to the group since it last did not. */
const SIGNS = { new: '+', again: '=', none: '-' } as const
const GROUP = 'g'

export function messageHead(sender: Sender | Pick<Sender, 'number'>): string {
  const of = 'epoch' in sender ? { q: sender.partition, e: sender.epoch } : {}
  return JSON.stringify({ f: sender.number, ...of } satisfies Head)
}

export function headOf(text: string): Head {
  return JSON.parse(text) as Head
}

export function fence({ number, partition, epoch }: Sender, to: number): AppendRecord {
  const head: Head = { f: number, q: partition, e: epoch, fence: true }
  return { key: null, value: Buffer.from(JSON.stringify(head)), partition: to }
}

interface Block {
  readonly partition: number
  readonly text: string
  /** Null where rows only leave the group. */
  row: Row | null
  readonly lines: string[]
}

/** Gathers what the rows of a batch contribute. */
export class ContributionList {
  readonly #partitions: number
  readonly #blocks = new Map<string, Block>()

  constructor(partitions: number) {
    this.#partitions = partitions
  }

  add(group: Group, member: string, contributed: { readonly isNew: boolean; readonly text: string }): void {
    const { isNew, text } = contributed
    this.#block(group).lines.push(`${isNew ? SIGNS.new : SIGNS.again}${escaped(member)}`, text)
  }

  addNone(group: string, member: string): void {
    this.#block({ text: group, row: null }).lines.push(`${SIGNS.none}${escaped(member)}`)
  }

  records(sender: Sender): AppendRecord[] {
    const records: AppendRecord[] = []
    const head = messageHead(sender)
    const open = new Map<number, { lines: string[]; characters: number }>()
    const close = (to: number, { lines }: { readonly lines: string[] }): void => {
      records.push({ key: null, value: Buffer.from(lines.join('\n')), partition: to })
    }
    for (const { partition: to, text, row, lines } of this.#blocks.values()) {
      const group = `${GROUP}${JSON.stringify([text, row])}`
      let record = open.get(to)
      let inGroup = false
      for (let at = 0; at < lines.length;) {
        const line = lines[at] ?? ''
        const content = line.startsWith(SIGNS.none) ? null : (lines[at + 1] ?? '')
        const characters = line.length + (content?.length ?? 0) + 2
        if (record !== undefined && record.characters + characters > limits.foldMessageCharactersMax) {
          close(to, record)
          record = undefined
        }
        if (record === undefined) {
          record = { lines: [head], characters: head.length }
          open.set(to, record)
          inGroup = false
        }
        if (!inGroup) record.lines.push(group)
        inGroup = true
        record.lines.push(line)
        if (content !== null) record.lines.push(content)
        record.characters += characters
        at += content === null ? 1 : 2
      }
    }
    for (const [to, record] of open) close(to, record)
    return records
  }

  #block({ text, row }: { readonly text: string; readonly row: Row | null }): Block {
    const known = this.#blocks.get(text)
    if (known !== undefined) {
      // One that left may have named it first.
      known.row ??= row
      return known
    }
    const partition = partitionOfKey(Buffer.from(text), this.#partitions)
    const block = { partition, text, row, lines: [] }
    this.#blocks.set(text, block)
    return block
  }
}

/** A key may hold a line feed; hardly any does. */
function escaped(member: string): string {
  return /[\n\\]/.test(member) ? member.replaceAll('\\', '\\\\').replaceAll('\n', '\\n') : member
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : '\\')) : text
}

/** What a row contributes to a group now. */
export interface MemberChange {
  /** Packed contributions; null: nothing any more. */
  readonly text: string | null
  /** Of the first message: the row had not contributed before. */
  readonly isNew: boolean
  /** Of the last message in the topic, and of the first of those read together. */
  readonly offset: number
  readonly firstOffset: number
}

export interface GroupChanges {
  /** Null where rows only leave the group. */
  row: Row | null
  /** The last one of each member. */
  readonly members: Map<string, MemberChange>
}

export interface Fence {
  /** Where in the log. */
  readonly offset: number
  readonly epoch: number
}

/** Fences known of a partition, by partition of `<topic>.touched`. */
export type Fences = Map<number, Fence[]>

/** Fences in a batch. */
export type Met = (readonly [from: number, fence: Fence])[]

/** What the records say of groups, by group text. Fences that are met are added to those known. */
export function contributionsIn(
  records: readonly LogRecord[],
  number: number,
  fences: Fences,
): { readonly groups: Map<string, GroupChanges>; readonly met: Met } {
  const groups = new Map<string, GroupChanges>()
  const met: Met = []
  for (const { value, offset } of records) {
    if (value === null) continue
    const lines = textOf(value).split('\n')
    const head = headOf(lines[0] ?? '')
    if (head.f === number && passes(head, offset, { fences, met })) readLines(lines, offset, groups)
  }
  return { groups, met }
}

/** Whether what stands behind the head counts. A fence is taken down. */
export function passes(
  { q, e, fence: isFence }: Head,
  offset: number,
  { fences, met }: { readonly fences: Fences; readonly met: Met },
): boolean {
  if (q === undefined || e === undefined) return true
  if (isFence !== true) return e >= epochAt(fences, q, offset)
  const known = fences.get(q) ?? []
  const fence = { offset, epoch: e }
  if (!known.some((other) => other.offset === offset)) known.push(fence)
  fences.set(q, known)
  met.push([q, fence])
  return false
}

function readLines(lines: readonly string[], offset: number, groups: Map<string, GroupChanges>): void {
  let changes: GroupChanges | null = null
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const sign = line[0]
    if (sign === GROUP) {
      const [text, row] = JSON.parse(line.slice(1)) as [string, Row | null]
      changes = groups.get(text) ?? null
      if (changes === null) groups.set(text, (changes = { row, members: new Map() }))
      changes.row ??= row
      continue
    }
    const member = unescaped(line.slice(1))
    const isNone = sign === SIGNS.none
    const before = changes?.members.get(member)
    if (!isNone) at += 1
    const isNew = before === undefined ? sign === SIGNS.new : before.isNew
    const firstOffset = before?.firstOffset ?? offset
    changes?.members.set(member, { text: isNone ? null : (lines[at] ?? ''), isNew, offset, firstOffset })
  }
}

function epochAt(fences: Fences, partition: number, offset: number): number {
  let epoch = 0
  for (const fence of fences.get(partition) ?? []) if (fence.offset < offset) epoch = Math.max(epoch, fence.epoch)
  return epoch
}

/** What must be known of fences by whoever reads the partition from the offset on. */
export function fencesFrom(fences: Fences, offset: number): Fences {
  const kept: Fences = new Map()
  for (const [partition, known] of fences) {
    const before = known.filter((fence) => fence.offset < offset)
    const highest = before.reduce<(typeof before)[number] | null>(
      (most, fence) => (most === null || fence.epoch > most.epoch ? fence : most),
      null,
    )
    kept.set(partition, [...(highest === null ? [] : [highest]), ...known.filter((fence) => fence.offset >= offset)])
  }
  return kept
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
