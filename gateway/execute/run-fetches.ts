// Runs a plan's fetches: each as soon as what it depends on is in, no sooner and no later; the stages of a mutation one after the other.
import type { FetchId, Plan } from '../plan/plan.ts'
import type { StartFetch } from './compile-fetch.ts'
import type { Gathering } from './gathering.ts'
import { readKey } from './plain-object.ts'

export type RunFetches = (gathering: Gathering) => Promise<void>

interface Stage {
  readonly fetches: readonly FetchId[]
  /** By fetch of the stage: how many others of the stage it waits for, and which wait for it. */
  readonly waiting: readonly number[]
  readonly dependents: readonly (readonly number[])[]
  readonly required: { readonly fetch: FetchId; readonly key: string } | null
}

/** `given` fetches are in already: the source of a subscription. */
export function compileRun(plan: Plan, starts: readonly StartFetch[], given: ReadonlySet<FetchId>): RunFetches {
  const stages = compileStages(plan, given)
  const [only] = stages
  if (only === undefined) return async () => undefined
  if (stages.length === 1) return (gathering) => runStage(only, starts, gathering)
  return async (gathering) => {
    for (const stage of stages) {
      await runStage(stage, starts, gathering)
      const { required } = stage
      if (required !== null && (readKey(gathering.roots[required.fetch] ?? {}, required.key) ?? null) === null) return
    }
  }
}

function compileStages(plan: Plan, given: ReadonlySet<FetchId>): Stage[] {
  const byStage = new Map<number, FetchId[]>()
  for (const [id, { stage }] of plan.fetches.entries()) {
    if (given.has(id)) continue
    const fetches = byStage.get(stage) ?? []
    fetches.push(id)
    byStage.set(stage, fetches)
  }
  return [...byStage]
    .toSorted(([a], [b]) => a - b)
    .map(([, fetches]): Stage => {
      const within = fetches.map((id) => (plan.fetches[id]?.dependsOn ?? []).filter((other) => fetches.includes(other)))
      const required = fetches.find((id) => plan.fetches[id]?.requiredKey !== null)
      return {
        fetches,
        waiting: within.map((dependencies) => dependencies.length),
        dependents: fetches.map((id) =>
          within.flatMap((dependencies, index) => (dependencies.includes(id) ? [index] : [])),
        ),
        required: required === undefined ? null : { fetch: required, key: plan.fetches[required]?.requiredKey ?? '' },
      }
    })
}

function runStage(stage: Stage, starts: readonly StartFetch[], gathering: Gathering): Promise<void> {
  return new Promise((resolve, reject) => {
    const waiting = [...stage.waiting]
    let open = stage.fetches.length
    const settle = (index: number): void => {
      open--
      for (const dependent of stage.dependents[index] ?? []) {
        const left = (waiting[dependent] ?? 0) - 1
        waiting[dependent] = left
        if (left === 0) begin(dependent)
      }
      if (open === 0) resolve()
    }
    const begin = (index: number): void => {
      try {
        const pending = starts[stage.fetches[index] ?? -1]?.(gathering)
        if (pending === undefined) settle(index)
        else pending.then(() => settle(index), reject)
      } catch (error) {
        reject(error)
      }
    }
    // Those that wait for nothing; what they settle at once may begin others.
    for (const [index, count] of stage.waiting.entries()) if (count === 0) begin(index)
  })
}
