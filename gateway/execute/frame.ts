// A frame holds the objects that a walk stands at: one slot for every source it reads. Compiles the steps from one position to the next.
import { limits } from '../../platform/limits.ts'
import type { Plan, Position, PositionId } from '../plan/plan.ts'
import type { Gathering } from './gathering.ts'
import { linkKey } from './link-key.ts'
import { isObject, reader, type DataObject } from './plain-object.ts'
import { positionAt, type NeededSources } from './walk-route.ts'

/**
 * In each slot an object, null where there is none, or undefined where an error has kept it away. One slot more holds what the walk is made
 * for: closures are compiled once, so it has to travel with the frame.
 */
export type Frame = unknown[]

export interface Purpose {
  readonly roots: Gathering['roots']
}
export type Visit = (frame: Frame) => void

export class FrameLayout {
  readonly plan: Plan
  readonly needed: NeededSources
  readonly #slots = new Map<number, number>()

  constructor(plan: Plan, needed: NeededSources) {
    this.plan = plan
    this.needed = needed
    for (const [at, sources] of needed) {
      for (const source of sources) this.#slots.set(slotKey(at, source), this.#slots.size)
    }
  }

  newFrame<Specific extends Purpose>(purpose: Specific): Frame {
    const frame: Frame = []
    for (let slot = 0; slot < this.#slots.size; slot++) frame.push(undefined)
    frame.push(purpose)
    return frame
  }

  get purposeSlot(): number {
    return this.#slots.size
  }

  slot(at: PositionId, source: number): number {
    return this.#slots.get(slotKey(at, source)) ?? -1
  }

  /** In the order in which they build on one another. */
  sources(at: PositionId): number[] {
    return [...(this.needed.get(at) ?? [])].toSorted((a, b) => a - b)
  }
}

/** Positions have fewer sources than a plan may have selections. */
function slotKey(at: PositionId, source: number): number {
  return at * limits.plannedSelectionsMax + source
}

/** Fills the slots of a position that are not read from its parent: entities linked, and the data of root fetches. */
export function compileLinks(layout: FrameLayout, at: PositionId, except?: number): Visit | null {
  const steps = layout.sources(at).flatMap((source): Visit[] => {
    const step = positionAt(layout.plan, at).sources[source]
    const slot = layout.slot(at, source)
    if (source === except || step === undefined) return []
    if (step.kind === 'root') {
      const { fetch } = step
      const { purposeSlot } = layout
      return [(frame) => (frame[slot] = (frame[purposeSlot] as Purpose).roots[fetch])]
    }
    return step.kind === 'link' ? [compileLink(slot, layout.slot(at, step.of), linkKey(step.link))] : []
  })
  const [first, ...rest] = steps
  if (first === undefined) return null
  return rest.length === 0
    ? first
    : (frame) => {
        for (const step of steps) step(frame)
      }
}

function compileLink(slot: number, of: number, key: symbol): Visit {
  return (frame) => {
    const object = frame[of] as Record<symbol, unknown> | null | undefined
    frame[slot] = object === undefined || object === null ? object : object[key]
  }
}

export interface FieldStep {
  readonly slot: number
  readonly of: number
  readonly read: (object: DataObject) => unknown
}

export function fieldSteps(layout: FrameLayout, at: PositionId): FieldStep[] {
  const { sources, parent } = positionAt(layout.plan, at)
  return layout.sources(at).flatMap((source) => {
    const step = sources[source]
    if (step?.kind !== 'field') return []
    const of = layout.slot(parent ?? 0, step.of)
    return [{ slot: layout.slot(at, source), of, read: reader(step.key) }]
  })
}

/** From the frame of the parent to every object of the position: through lists, the lists of several sources side by side. */
export function compileDescent(layout: FrameLayout, at: PositionId, next: Visit): Visit {
  const steps = fieldSteps(layout, at)
  const links = compileLinks(layout, at)
  const enter: Visit =
    links === null
      ? next
      : (frame) => {
          links(frame)
          next(frame)
        }
  const accepts = compileParentTest(layout, at)
  const [first] = steps
  if (first === undefined) return () => undefined
  const descend = steps.length === 1 ? descendOne(first, enter) : descendSeveral(steps, enter)
  return accepts === null
    ? descend
    : (frame) => {
        if (accepts(frame)) descend(frame)
      }
}

function descendOne({ slot, of, read }: FieldStep, enter: Visit): Visit {
  const each = (value: unknown, frame: Frame, level: number): void => {
    if (Array.isArray(value)) {
      if (level === limits.listLevelsMax) return
      for (let index = 0; index < value.length; index++) each(value[index], frame, level + 1)
    } else if (typeof value === 'object' && value !== null) {
      frame[slot] = value
      enter(frame)
    }
  }
  return (frame) => {
    const object = frame[of]
    if (isObject(object)) each(read(object), frame, 0)
  }
}

function descendSeveral(steps: readonly FieldStep[], enter: Visit): Visit {
  const each = (values: readonly unknown[], frame: Frame, level: number): void => {
    const [first] = values
    if (Array.isArray(first)) {
      if (level === limits.listLevelsMax) return
      for (let index = 0; index < first.length; index++) {
        each(itemsAt(values, index), frame, level + 1)
      }
    } else if (isObject(first)) {
      enterObjects(steps, values, frame)
      enter(frame)
    }
  }
  return (frame) => {
    each(fieldValuesOf(steps, frame), frame, 0)
  }
}

/** What the parent's objects hold: null also where they lack it, undefined where they are missing themselves. */
export function fieldValuesOf(steps: readonly FieldStep[], frame: Frame): unknown[] {
  return steps.map(({ of, read }) => {
    const object = frame[of]
    return isObject(object) ? (read(object) ?? null) : object
  })
}

/** Of lists that stand side by side. */
export function itemsAt(lists: readonly unknown[], index: number): unknown[] {
  return lists.map((list) => (Array.isArray(list) ? ((list[index] as unknown) ?? null) : list))
}

export function enterObjects(steps: readonly FieldStep[], values: readonly unknown[], frame: Frame): void {
  steps.forEach(({ slot }, index) => {
    const value = values[index]
    frame[slot] = isObject(value) || value === undefined ? value : null
  })
}

function compileParentTest(layout: FrameLayout, at: PositionId): ((frame: Frame) => boolean) | null {
  const { parent, parentTypes } = positionAt(layout.plan, at)
  if (parentTypes === null || parent === null) return null
  return compileTypeTest(layout, parent, parentTypes)
}

/** Null where every object passes. */
export function compileTypeTest(
  layout: FrameLayout,
  at: PositionId,
  types: readonly string[] | null,
): ((frame: Frame) => boolean) | null {
  if (types === null) return null
  const accepted: ReadonlySet<unknown> = new Set(types)
  const { typename }: Position = positionAt(layout.plan, at)
  if ('constant' in typename) return accepted.has(typename.constant) ? null : () => false
  const slot = layout.slot(at, typename.source)
  return (frame) => {
    const object = frame[slot] as DataObject | null | undefined
    return object !== undefined && object !== null && accepted.has(object['__typename'])
  }
}
