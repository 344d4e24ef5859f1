// The fold of a group by a function in code: its state beside what tells whether contributions come in order, and its rows looked at
// before anyone writes them.
import type { Derivation, Entity } from '../model.ts'
import type { Row, Value } from '../row.ts'
import { FoldFailure, type FoldFailureReason } from './fold-failure.ts'
import type { Contribution, FoldFunction } from './fold-function.ts'
import { compileRowCheck } from './function-rows.ts'
import { compareContributions, foldCounts, type GroupFold } from './group-fold.ts'
import { RecentContributions } from './recent-contributions.ts'

type Last = readonly [timeMs: number | null, member: string, input: string]

interface State {
  readonly counts: number[]
  /** The latest that was ever applied, for functions that want order: taking it back only makes more contributions come late. */
  last: Last | null
  own: Value
}

export interface FunctionFoldOptions {
  readonly entity: Entity
  readonly derivation: Derivation
  /** `domain/product.Entity` */
  readonly name: string
  readonly functionName: string
  readonly ordered: boolean
}

export function compileFunctionFold(fold: FoldFunction, options: FunctionFoldOptions): GroupFold {
  const counts = foldCounts(options.derivation.folds)
  const { failed, called } = failures(options)
  const checkRows = compileRowCheck(options.entity)

  const init = (group: Row): State => {
    const own = called('init', group, () => fold.init(group))
    if (!isJson(own)) throw failed('function-failed', group, 'has a state that is no JSON value')
    return { counts: counts.zero(), last: null, own }
  }
  const recent = options.ordered ? new RecentContributions(fold) : null
  const apply = (state: State, contributions: readonly Contribution[]): boolean => {
    if (recent !== null) {
      if (!applyInOrder(recent, state, contributions)) return false
    } else {
      for (const contribution of contributions) state.own = fold.apply(state.own, contribution)
    }
    for (const contribution of contributions) count(state, counts.foldOf(contribution), 1)
    return true
  }
  const retract = (state: State, contributions: readonly Contribution[]): boolean => {
    const without = recent?.remove(state, contributions) ?? null
    if (without !== null) {
      state.own = without.own
      state.last = lastOf(without.last)
      for (const contribution of contributions) count(state, counts.foldOf(contribution), -1)
      return true
    }
    recent?.forget(state)
    if (fold.retract === undefined) return false
    for (const contribution of contributions) {
      count(state, counts.foldOf(contribution), -1)
      state.own = fold.retract(state.own, contribution)
    }
    return true
  }

  return {
    init: (group) => init(group) as unknown as Value,
    apply: (state, contributions) => stateAfter(state, () => apply(state as unknown as State, contributions)),
    retract: (state, contributions) => stateAfter(state, () => retract(state as unknown as State, contributions)),
    refold(group, contributions) {
      const state = init(group)
      called('apply', group, () => apply(state, contributions))
      return state as unknown as Value
    },
    rows(given, group) {
      const state = given as unknown as State
      if (!counts.areEnough(state.counts)) return []
      const rows: unknown = called('emit', group, () => fold.emit(state.own, group))
      const checked = checkRows(rows, group)
      if (typeof checked !== 'string') return checked
      throw failed('rows-invalid', group, `gave rows that ${options.entity.name} does not have: ${checked}`)
    },
  }
}

interface Failures {
  readonly failed: (reason: FoldFailureReason, group: Row, what: string, cause?: unknown) => FoldFailure
  readonly called: <T>(member: string, group: Row, call: () => T) => T
}

function failures({ name, functionName }: FunctionFoldOptions): Failures {
  const failed: Failures['failed'] = (reason, group, what, cause) => {
    const message = `${name}: fold function "${functionName}" ${what}, for group ${JSON.stringify(group)}.`
    return new FoldFailure(reason, message, cause === undefined ? {} : { cause })
  }
  return {
    failed,
    called(member, group, call) {
      try {
        return call()
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        throw failed('function-failed', group, `threw in ${member}: ${message}`, error)
      }
    },
  }
}

/** Null where the state cannot tell. What a function throws is told by `refold`, which knows the group. */
function stateAfter(state: Value, move: () => boolean): Value | null {
  try {
    return move() ? state : null
  } catch {
    return null
  }
}

function count(state: State, fold: number, by: number): void {
  state.counts[fold] = (state.counts[fold] ?? 0) + by
}

/** False where one comes too late to be put where it belongs. */
function applyInOrder(recent: RecentContributions, state: State, contributions: readonly Contribution[]): boolean {
  const given = [...contributions].sort(compareContributions)
  const [first] = given
  const newest = given.at(-1)
  if (first === undefined || newest === undefined) return true
  const last = state.last === null ? null : contributionAt(state.last)
  if (last === null || compareContributions(last, first) < 0) {
    state.own = recent.append(state, state.own, { last, given })
    state.last = lastOf(newest)
    return true
  }
  const after = recent.insert(state, given)
  if (after === null) return false
  state.own = after.own
  state.last = lastOf(after.last)
  return true
}

const lastOf = ({ timeMs, member, input }: Contribution): Last => [timeMs, member, input]

const contributionAt = ([timeMs, member, input]: Last): Contribution => ({ timeMs, member, input, value: {} })

/** What the state comes to when it is stored and read again is what it is. */
function isJson(value: unknown): value is Value {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.every(isJson)
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson)
}
