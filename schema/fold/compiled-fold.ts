// What a derived entity is compiled to, and all that the stages of ingest/derive/ know of it. Pure: rows in, contributions and rows out.
// Rows are those of row.ts: cells in row representation, absent where there is no value.
import type { Row, Value } from '../row.ts'
import type { Contribution } from './fold-function.ts'

/** A row of another entity, named by the index of its input in `CompiledFold.reads` and its key. */
export interface RowReference {
  readonly read: number
  /** As the changes topic keys it: the only value of the key, or a JSON array of its values. */
  readonly keyText: string
}

/** Where contributions go: the values that the fold groups by, a sliding or tumbling window's start among them. */
export interface Group {
  /** Equal texts are equal groups: a JSON array of the values. */
  readonly text: string
  /** Fields of the entity: those with @group, and the window's bounds where they are known (not for sessions). */
  readonly row: Row
}

/** An entity whose rows are folded or joined. */
export interface CompiledRead {
  /** Name of the input type. */
  readonly input: string
  /** `domain/name` */
  readonly product: string
  readonly entity: string
  readonly key: readonly string[]
  /** Index in `CompiledFold.inputs`; null where its rows are only joined. */
  readonly fold: number | null
  /** Whether rows of a fold are joined with it. */
  readonly joined: boolean
}

export type Contributed =
  | {
      readonly kind: 'contributed'
      /** Contributions of one row, by group text. A row has at most `schemaLimits.foldGroupsOfRowMax` groups. */
      readonly groups: ReadonlyMap<string, { readonly group: Group; readonly contributions: readonly Contribution[] }>
    }
  /** An expression that cannot be evaluated for this row. It contributes nothing. */
  | { readonly kind: 'failed'; readonly expression: string; readonly message: string }

export interface CompiledFoldInput {
  /** Index in `CompiledFold.reads`. */
  readonly read: number
  /** The fields that alone decide which groups a row may contribute to; null where joined rows have a say. */
  readonly groupFields: readonly string[] | null
  /** The groups that rows with these values of the `groupFields` may contribute to. Only where those are not null, and no list is among them. */
  possibleGroups(fields: Row): readonly Group[]
  /** Event time of rows with these values of the fields that it is made from; null where it has none. */
  timeMs(fields: Row): number | null
  /**
   * The joined rows that the row needs, as far as `joined` lets know: one join's key may use another's row. To be asked again with what
   * it named until it names nothing new. An expression that fails names nothing; `contribute` tells of it.
   */
  references(row: Row, joined: JoinedRows): readonly RowReference[]
  /** `member` names the row among a group's contributions. */
  contribute(member: string, row: Row, joined: JoinedRows): Contributed
}

/** Undefined: not asked for yet. Null: there is none. */
export type JoinedRows = (reference: RowReference) => Row | null | undefined

/** What a fold knows of a group: a JSON value, stored beside its contributions. */
export type FoldState = Value

export interface CompiledFold {
  /** `domain/name.Entity` */
  readonly name: string
  /**
   * All that decides what the rows and the states are, as text: another definition, another text. Of a function in code that is its version,
   * and the text of the files that it is from, as far as whoever compiled it was given that. Long: keep its hash.
   */
  readonly definition: string
  readonly reads: readonly CompiledRead[]
  readonly inputs: readonly CompiledFoldInput[]
  /** A group's row is told at most so often; null: at once. */
  readonly everyMs: number | null
  /** How long after its end, and after it was first heard of, something may come for a window; null: nothing is too late. */
  readonly keptForMs: number | null
  /** Of a group; null where groups are no windows, or sessions. */
  windowOf(group: Row): { readonly startMs: number; readonly endMs: number } | null
  /** Of a group without contributions. Throws a FoldFailure as `refold` does. */
  init(group: Row): FoldState
  /**
   * Contributions in, in any order. Null: the state cannot tell, it must be made anew by `refold`. The given state must not be used after.
   * Never throws: a function that does makes it null, and `refold`, which knows the group, throws.
   */
  apply(state: FoldState, contributions: readonly Contribution[]): FoldState | null
  /** Contributions that were applied out again. Null as for `apply`. */
  retract(state: FoldState, contributions: readonly Contribution[]): FoldState | null
  /**
   * The state of a group by all its contributions, in any order. Throws a FoldFailure where a function throws, or the group has more values
   * or sessions than schema-limits.ts allows: it has no state until its contributions change.
   */
  refold(group: Row, contributions: readonly Contribution[]): FoldState
  /**
   * The entity's rows, whole and with their keys; none where the group has no contributions, or a required input contributes nothing.
   * Computed fields are left to ingest. Throws a FoldFailure where a function throws or gives what is no row.
   */
  rows(state: FoldState, group: Row): readonly Row[]
}
