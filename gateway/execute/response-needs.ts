// What a part of the response reads: sources of its position, and whether one entity decides all of it, so that its text can be written once
// however often the entity stands there.
import type { LookupTarget, Plan, Position, ResponseObject } from '../plan/plan.ts'
import { positionAt } from './walk-route.ts'

export interface ResponseNeeds {
  /** In ascending order: links stand behind what they are linked to. */
  readonly sources: readonly number[]
  /** The source that decides the whole, and its link. */
  readonly decidedBy: { readonly source: number; readonly link: number } | null
}

export type NeedsOf = (node: ResponseObject) => ResponseNeeds

export function analyseNeeds(plan: Plan): NeedsOf {
  const known = new Map<ResponseObject, ResponseNeeds>()
  const targets = new Map<number, LookupTarget>()
  for (const { lookups } of plan.fetches) {
    for (const lookup of lookups) for (const target of lookup.targets) targets.set(target.link, target)
  }
  const needsOf: NeedsOf = (node) => {
    const found = known.get(node)
    if (found !== undefined) return found
    const position = positionAt(plan, node.position)
    const sources = neededSources(plan, node, needsOf)
    const links = sources.flatMap((source) => {
      const step = position.sources[source]
      return step?.kind === 'link' ? [{ source, link: step.link }] : []
    })
    const decidedBy = links.find((each) => decides({ plan, node, position, sources, targets, needsOf }, each)) ?? null
    const needs: ResponseNeeds = { sources, decidedBy }
    known.set(node, needs)
    return needs
  }
  return needsOf
}

function neededSources(plan: Plan, node: ResponseObject, needsOf: NeedsOf): number[] {
  const position = positionAt(plan, node.position)
  const needed = new Set<number>()
  const need = (source: number): void => {
    if (needed.has(source)) return
    needed.add(source)
    const step = position.sources[source]
    if (step?.kind === 'link') need(step.of)
  }
  if (position.parent !== null) need(0)
  if ('source' in position.typename) need(position.typename.source)
  for (const field of node.fields) {
    if (field.kind === 'leaf') need(field.source)
    if (field.kind === 'object') for (const parent of parentSources(plan, field.child, needsOf)) need(parent)
  }
  return [...needed].toSorted((a, b) => a - b)
}

/** Sources of the parent's position that the child's fields are read from. */
function parentSources(plan: Plan, child: ResponseObject, needsOf: NeedsOf): number[] {
  const position = positionAt(plan, child.position)
  return needsOf(child).sources.flatMap((source) => {
    const step = position.sources[source]
    return step?.kind === 'field' ? [step.of] : []
  })
}

interface Deciding {
  readonly plan: Plan
  readonly node: ResponseObject
  readonly position: Position
  readonly sources: readonly number[]
  readonly targets: ReadonlyMap<number, LookupTarget>
  readonly needsOf: NeedsOf
}

/** Equal representations have one entity, so what the representation says is decided by the entity as well. */
function decides(deciding: Deciding, { source, link }: { readonly source: number; readonly link: number }): boolean {
  const { plan, node, position, targets, needsOf } = deciding
  const target = targets.get(link)
  if (target === undefined) return false
  const said = new Set(
    target.representation.fields
      .filter((field) => field.types === null && field.child === null)
      .map((field) => `${field.source} ${field.key}`),
  )
  const typenameIsSaid = 'constant' in position.typename || target.representation.typename === null
  const decided = new Set([source])
  const isRead = (from: number, key: string): boolean => decided.has(from) || said.has(`${from} ${key}`)
  const isTypenameDecided = typenameIsSaid || ('source' in position.typename && position.typename.source === source)
  if (!isTypenameDecided) return false
  for (const [index, step] of position.sources.entries()) {
    if (step.kind !== 'link' || decided.has(index)) continue
    const other = targets.get(step.link)
    const follows =
      decided.has(step.of) ||
      other?.representation.fields.every((field) => field.child === null && isRead(field.source, field.key)) === true
    if (follows) decided.add(index)
  }
  return node.fields.every((field) => {
    if (field.kind === 'leaf') return isRead(field.source, field.key)
    if (field.kind === 'object') return parentSources(plan, field.child, needsOf).every((from) => decided.has(from))
    return field.kind === 'typename' || field.kind === 'denied'
  })
}
