// Sessions: the contributions of a group split wherever nothing happens for longer than the gap, each session folded by itself.
// What is added is incremental; two sessions that grow together, and anything taken back, fold the group anew.
import type { Derivation } from '../model.ts'
import type { Row } from '../row.ts'
import { schemaLimits } from '../schema-limits.ts'
import type { FoldState } from './compiled-fold.ts'
import { FoldFailure } from './fold-failure.ts'
import type { Contribution } from './fold-function.ts'
import { timeText } from './fold-window.ts'
import { compareContributions, type GroupFold } from './group-fold.ts'

/** What a session begins with, and the sessions in the order of time. */
type State = [empty: FoldState, sessions: Session[]]
type Session = [firstMs: number, lastMs: number, state: FoldState]

export interface SessionFoldOptions {
  readonly gapMs: number
  readonly derivation: Derivation
  /** `domain/product.Entity` */
  readonly name: string
}

/** `inner` folds a session; its group's row has no bounds in `init`, and has them in `rows`. */
export function compileSessionFold(inner: GroupFold, { gapMs, derivation, name }: SessionFoldOptions): GroupFold {
  const { windowStartField, windowEndField } = derivation

  /** False where the sessions must be made anew. */
  const applyOne = ([empty, sessions]: State, contribution: Contribution): boolean => {
    const timeMs = timeOf(contribution)
    const at = sessions.findLastIndex(([firstMs]) => firstMs <= timeMs + gapMs)
    const near = (session: Session | undefined): boolean => session !== undefined && session[1] >= timeMs - gapMs
    const session = near(sessions[at]) ? sessions[at] : undefined
    const state = inner.apply(session === undefined ? structuredClone(empty) : session[2], [contribution])
    // Near two sessions, it makes them one.
    if (state === null || (session !== undefined && near(sessions[at - 1]))) return false
    if (session === undefined) sessions.splice(at + 1, 0, [timeMs, timeMs, state])
    else sessions[at] = [Math.min(session[0], timeMs), Math.max(session[1], timeMs), state]
    return sessions.length <= schemaLimits.foldRowsOfGroupMax
  }

  return {
    init: (group) => [inner.init(group), []],
    apply: (state, contributions) =>
      contributions.every((contribution) => applyOne(state as unknown as State, contribution)) ? state : null,
    retract: () => null,
    refold(group, contributions) {
      const sessions: Session[] = []
      for (const members of sessionsOf(contributions, gapMs))
        sessions.push([timeOf(members[0]), timeOf(members.at(-1)), inner.refold(group, members)])
      if (sessions.length <= schemaLimits.foldRowsOfGroupMax) return [inner.init(group), sessions]
      const bound = `${sessions.length} sessions, of at most ${schemaLimits.foldRowsOfGroupMax}`
      throw new FoldFailure('limit', `${name}: group ${JSON.stringify(group)} has ${bound}.`)
    },
    rows: (state, group) =>
      (state as unknown as State)[1].flatMap(([firstMs, lastMs, own]) => {
        const bounds: Record<string, string> = {}
        if (windowStartField !== null) bounds[windowStartField] = timeText(firstMs)
        if (windowEndField !== null) bounds[windowEndField] = timeText(lastMs)
        return inner.rows(own, { ...group, ...bounds } satisfies Row)
      }),
  }
}

const timeOf = (contribution: Contribution | undefined): number => contribution?.timeMs ?? Number.NaN

function sessionsOf(contributions: readonly Contribution[], gapMs: number): readonly (readonly Contribution[])[] {
  const sessions: Contribution[][] = []
  let lastMs = Number.NaN
  for (const contribution of [...contributions].sort(compareContributions)) {
    const timeMs = timeOf(contribution)
    const current = sessions.at(-1)
    if (current === undefined || timeMs - lastMs > gapMs) sessions.push([contribution])
    else current.push(contribution)
    lastMs = timeMs
  }
  return sessions
}
