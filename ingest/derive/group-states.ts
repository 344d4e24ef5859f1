// States of groups in memory, of all folds of the process together: the least recently used go where they take more than their bound. A tenure
// sees only what it put there itself.
import { limits } from '../../platform/limits.ts'
import type { FoldState } from '../../schema/fold/compiled-fold.ts'
import type { Row } from '../../schema/row.ts'
import type { KnownTimes } from './known-times.ts'

export interface GroupState {
  state: FoldState
  /** The fold could not make it: it has no rows until its members change. */
  failed: boolean
  /** When the window may be closed; null: never. */
  readonly closesAt: number | null
  /** What it was made from is dropped: it stays as it was told last. */
  readonly closed: boolean
  readonly row: Row
  /** Greatest offset of a message that the state and its members' rows have in them. */
  applied: number
  /**
   * Greatest offset of a message that an owner before had brought into members' rows, and that had not come yet when the state was made from
   * them: up to there a message that calls a member new may be wrong.
   */
  early: number
  /** As `applied`, of what this tenure applied; -1: nothing. */
  done: number
  /** Rows as they were told last: hash by JSON of the key, GONE where the row was taken back. */
  told: ReadonlyMap<string, string>
  /** All its rows must be told, whether or not they were. */
  owed: boolean
  /** Of its JSON in the store; 0: not known. */
  characters: number
  /** All members whose rows the store has, where this tenure made the group and they are not too many. */
  members: Set<string> | null
  /** Of a direct fold: what of its contributors need not be looked for. */
  readonly times: KnownTimes | null
}

export const GONE = ''

interface Held {
  readonly group: GroupState
  readonly bytes: number
}

/** What an entry takes beside its texts. */
const ENTRY_BYTES = 400
const CHARACTERS_UNKNOWN = 1_000
/** Of a member's text and its place in the set. */
const MEMBER_BYTES = 128
/** Of a number and its place in the set. */
const TIME_BYTES = 40
/** Of a state in memory, by the characters of its JSON. */
const BYTES_PER_CHARACTER = 4

export class GroupStates {
  readonly #held = new Map<string, Held>()
  readonly #bytesMax: number
  #bytes = 0
  #tenures = 0

  constructor(bytesMax: number = limits.foldStatesBytesMax) {
    this.#bytesMax = bytesMax
  }

  /** States of one tenure. */
  open(): TenureStates {
    this.#tenures += 1
    return new TenureStates(this, `${this.#tenures}/`)
  }

  take(name: string): GroupState | null {
    const held = this.#held.get(name)
    if (held === undefined) return null
    this.#held.delete(name)
    this.#held.set(name, held)
    return held.group
  }

  put(name: string, group: GroupState): void {
    this.drop(name)
    const { characters, members, times } = group
    const bytes =
      ENTRY_BYTES +
      (name.length + (characters || CHARACTERS_UNKNOWN)) * BYTES_PER_CHARACTER +
      (members?.size ?? 0) * MEMBER_BYTES +
      (times?.size ?? 0) * TIME_BYTES
    this.#held.set(name, { group, bytes })
    this.#bytes += bytes
    for (const [oldest, { bytes: freed }] of this.#held) {
      if (this.#bytes <= this.#bytesMax) return
      this.#held.delete(oldest)
      this.#bytes -= freed
    }
  }

  drop(name: string): void {
    const held = this.#held.get(name)
    if (held === undefined) return
    this.#held.delete(name)
    this.#bytes -= held.bytes
  }
}

export class TenureStates {
  readonly #all: GroupStates
  readonly #prefix: string

  constructor(all: GroupStates, prefix: string) {
    this.#all = all
    this.#prefix = prefix
  }

  take(group: string): GroupState | null {
    return this.#all.take(this.#prefix + group)
  }

  put(group: string, state: GroupState): void {
    this.#all.put(this.#prefix + group, state)
  }

  drop(group: string): void {
    this.#all.drop(this.#prefix + group)
  }
}
