// Compiles the walk for one target of a lookup: visits the objects, writes their representations, and notes which object asked for which.
import type { LookupTarget, Plan } from '../plan/plan.ts'
import {
  compileDescent,
  compileLinks,
  compileTypeTest,
  FrameLayout,
  type Frame,
  type Purpose,
  type Visit,
} from './frame.ts'
import type { AskedTarget, Gathering } from './gathering.ts'
import {
  compileValueReader,
  findByValues,
  indexOfText,
  keepValues,
  type KnownByValue,
  type Representations,
} from './known-representations.ts'
import type { DataObject } from './plain-object.ts'
import { compileRepresentation } from './representation-text.ts'
import { routeTo, type WalkRoute } from './walk-route.ts'

export interface CompiledTarget {
  readonly link: number
  /** The link whose entities the walk begins at. */
  readonly startsAt: number | null
  collect(gathering: Gathering, representations: Representations): AskedTarget
}

interface Collecting extends Purpose {
  readonly representations: Representations
  readonly known: KnownByValue
  readonly asked: AskedTarget
}

export function compileTarget(plan: Plan, target: LookupTarget): CompiledTarget {
  const route = routeTo(plan, target)
  const { start } = route
  let walk: TargetWalk | null = null
  return {
    link: target.link,
    startsAt: start?.link ?? null,
    collect: (gathering, representations) => {
      const asked: AskedTarget = { objects: [], indexes: [], isShared: false }
      // Below entities that were not found nothing is looked up, and nothing has to be compiled for it.
      if (start !== null && (gathering.linked[start.link] ?? []).length === 0) return asked
      walk ??= compileTargetWalk(plan, target, route)
      walk(gathering, { representations, asked })
      return asked
    },
  }
}

type TargetWalk = (gathering: Gathering, into: Pick<Collecting, 'representations' | 'asked'>) => void

function compileTargetWalk(plan: Plan, target: LookupTarget, route: WalkRoute): TargetWalk {
  const layout = new FrameLayout(plan, route.needed)
  let visit = compileVisit(layout, target)
  for (const at of route.positions.slice(1).toReversed()) visit = compileDescent(layout, at, visit)
  const walk = compileStart(layout, route, visit)
  const shape = compileValueReader(layout, target)?.shape ?? ''
  return (gathering, { representations, asked }) => {
    const known: KnownByValue = representations.shapes.get(shape) ?? new Map()
    representations.shapes.set(shape, known)
    walk(gathering, layout.newFrame({ roots: gathering.roots, representations, known, asked } satisfies Collecting))
  }
}

function compileVisit(layout: FrameLayout, target: LookupTarget): Visit {
  const build = compileRepresentation(layout, target)
  const accepts = compileTypeTest(layout, target.position, target.types)
  const slot = layout.slot(target.position, target.onSource)
  const values = compileValueReader(layout, target)
  const { purposeSlot } = layout
  return (frame) => {
    const object = frame[slot] as DataObject | null | undefined
    if (object === undefined || object === null || accepts?.(frame) === false) return
    const { representations, known, asked } = frame[purposeSlot] as Collecting
    let index = values === null ? undefined : findByValues(known, values, frame)
    if (index === undefined) {
      const text = build(frame)
      if (text === undefined) return
      const count = representations.texts.length
      index = indexOfText(representations, text)
      if (index < count) asked.isShared = true
      if (values !== null) keepValues(known, values, frame, index)
    } else asked.isShared = true
    asked.objects.push(object)
    asked.indexes.push(index)
  }
}

type Walk = (gathering: Gathering, frame: Frame) => void

function compileStart(layout: FrameLayout, { start, positions }: WalkRoute, visit: Visit): Walk {
  if (start === null) return compileRootStart(layout, positions[0] ?? 0, visit)
  const slot = layout.slot(start.position, start.source)
  const links = compileLinks(layout, start.position, start.source)
  return ({ linked }, frame) => {
    for (const entity of linked[start.link] ?? []) {
      frame[slot] = entity
      links?.(frame)
      visit(frame)
    }
  }
}

function compileRootStart(layout: FrameLayout, root: number, visit: Visit): Walk {
  const fill = compileLinks(layout, root)
  return (_gathering, frame) => {
    fill?.(frame)
    visit(frame)
  }
}
