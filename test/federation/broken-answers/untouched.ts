// Which subgraphs a value of the response depends on, by the plan: of the others nothing that is damaged may show.
import type { Plan, Position, ResponseObject } from '../../../gateway/plan/plan.ts'

export interface Dependencies {
  /** Values at places that depend on none of the damaged subgraphs, and differ from the intact response. */
  touched(intact: unknown, found: unknown, damaged: ReadonlySet<string>): string[]
}

export function dependenciesOf(plan: Plan): Dependencies {
  const services = servicesByFetch(plan)
  const linkFetch = new Map<number, number>()
  for (const [id, { lookups }] of plan.fetches.entries()) {
    for (const { targets } of lookups) for (const { link } of targets) linkFetch.set(link, id)
  }
  const sourceServices = (position: Position, source: number): ReadonlySet<string> => {
    const step = position.sources[source]
    if (step === undefined) return new Set()
    if (step.kind === 'root') return services[step.fetch] ?? new Set()
    if (step.kind === 'link') {
      return union(sourceServices(position, step.of), services[linkFetch.get(step.link) ?? -1] ?? new Set())
    }
    return sourceServices(positionOf(plan, position.parent ?? 0), step.of)
  }
  const typeServices = (position: Position): ReadonlySet<string> =>
    'source' in position.typename ? sourceServices(position, position.typename.source) : new Set()
  const walk = (node: ResponseObject, at: Walking): string[] => {
    const { intact, found, damaged, path } = at
    const position = positionOf(plan, node.position)
    if (meets(typeServices(position), damaged) || !isObject(intact) || !isObject(found)) return []
    return node.fields.flatMap((field) => {
      const { responseKey } = field
      // Types that have the key from different places: which it is here is not known.
      const isAmbiguous = node.fields.some((other) => other !== field && other.responseKey === responseKey)
      if (isAmbiguous || !Object.hasOwn(intact, responseKey)) return []
      const [ours, theirs] = [intact[responseKey], found[responseKey]]
      const below = `${path}.${responseKey}`
      if (field.kind === 'leaf') {
        if (meets(sourceServices(position, field.source), damaged)) return []
        return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [`touched, though of another subgraph: ${below}`]
      }
      if (field.kind !== 'object') return []
      if (meets(sourceServices(positionOf(plan, field.child.position), 0), damaged)) return []
      return items(ours, theirs, below).flatMap(([one, other, place]) => {
        if (one === null && other !== null) return [`touched, though null: ${place}`]
        if (other === null || other === undefined) {
          if (one === null || takesAlong(plan, field.child, { damaged, sourceServices, typeServices })) return []
          return [`null, though of another subgraph: ${place}`]
        }
        return walk(field.child, { intact: one, found: other, damaged, path: place })
      })
    })
  }
  return {
    touched: (intact, found, damaged) => walk(plan.response, { intact, found, damaged, path: '' }),
  }
}

/** What the contract of plans forbids. */
export function linksBeforeTheirSources({ positions }: Plan): string[] {
  return positions.flatMap(({ sources }, at) =>
    sources.flatMap((step, index) =>
      step.kind === 'link' && step.of >= index ? [`position ${at}: link ${index} stands before source ${step.of}`] : [],
    ),
  )
}

interface Reading {
  readonly damaged: ReadonlySet<string>
  readonly sourceServices: (position: Position, source: number) => ReadonlySet<string>
  readonly typeServices: (position: Position) => ReadonlySet<string>
}

/** Whether something below depends on what is damaged and may not be null. */
function takesAlong(plan: Plan, node: ResponseObject, reading: Reading): boolean {
  const { damaged, sourceServices, typeServices } = reading
  const position = positionOf(plan, node.position)
  if (meets(typeServices(position), damaged)) return true
  return node.fields.some((field) => {
    if (field.kind === 'leaf') return field.type.includes('!') && meets(sourceServices(position, field.source), damaged)
    if (field.kind !== 'object' || !field.type.includes('!')) return false
    const isDamaged = meets(sourceServices(positionOf(plan, field.child.position), 0), damaged)
    return isDamaged || takesAlong(plan, field.child, reading)
  })
}

interface Walking {
  readonly intact: unknown
  readonly found: unknown
  readonly damaged: ReadonlySet<string>
  readonly path: string
}

/** Through lists that are of the same length where neither was damaged. */
function items(one: unknown, other: unknown, path: string): [unknown, unknown, string][] {
  if (!Array.isArray(one) || !Array.isArray(other)) return [[one, other, path]]
  return one.flatMap((each, at) => items(each, other[at], `${path}.${at}`))
}

/** By fetch: its own subgraph and all that its representations are made of. */
function servicesByFetch(plan: Plan): ReadonlySet<string>[] {
  const result: Set<string>[] = []
  for (const fetch of plan.fetches) {
    const own = new Set([fetch.service])
    // A mutation's stage begins only where the one before it has a value.
    const before = fetch.dependsOn.concat(
      plan.fetches.flatMap(({ stage }, id) => (stage < fetch.stage && id < result.length ? [id] : [])),
    )
    for (const dependency of before) for (const service of result[dependency] ?? []) own.add(service)
    result.push(own)
  }
  return result
}

function union(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...one, ...other])
}

function meets(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].some((each) => other.has(each))
}

function positionOf(plan: Plan, id: number): Position {
  const position = plan.positions[id]
  if (position === undefined) throw new Error(`no position ${id}`)
  return position
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
