// Compiles a representation into a closure that writes its JSON straight from the sources. The plan fixes the order of its fields, so equal
// representations have equal texts: the text is what they are deduplicated by, and goes into the request as it is.
import { limits } from '../../platform/limits.ts'
import type { LookupTarget, PositionId, Representation, RepresentationField } from '../plan/plan.ts'
import {
  compileLinks,
  compileTypeTest,
  enterObjects,
  fieldSteps,
  fieldValuesOf,
  itemsAt,
  type Frame,
  type FrameLayout,
} from './frame.ts'
import { quote } from './json-text.ts'
import { isObject, isTooDeep, reader, type DataObject } from './plain-object.ts'
import { positionAt } from './walk-route.ts'

/** Undefined where an error has taken something that the representation needs, or all of its key is null. */
export type RepresentationText = (frame: Frame) => string | undefined

/** Text of the member with its comma in front; empty where the object's type has it not; undefined where its value is missing. */
type MemberText = (frame: Frame) => string | undefined

export function compileRepresentation(layout: FrameLayout, target: LookupTarget): RepresentationText {
  const { position, representation } = target
  const opening = compileOpening(layout, position, representation)
  const members = representation.fields.map((field) => compileMember(layout, position, field))
  const keys = representation.fields.flatMap((field) => (field.isKey ? [presence(layout, position, field)] : []))
  return (frame) => {
    if (keys.length > 0 && !keys.some((isPresent) => isPresent(frame))) return undefined
    const opened = opening(frame)
    if (opened === undefined) return undefined
    let text = opened
    for (const member of members) {
      const written = member(frame)
      if (written === undefined) return undefined
      text += written
    }
    return `${text}}`
  }
}

function compileOpening(layout: FrameLayout, at: PositionId, { typename }: Representation): RepresentationText {
  const source = positionAt(layout.plan, at).typename
  const constant = typename ?? ('constant' in source ? source.constant : null)
  if (constant !== null) {
    const opening = `{"__typename":${JSON.stringify(constant)}`
    return () => opening
  }
  const slot = 'source' in source ? layout.slot(at, source.source) : -1
  return (frame) => {
    const name = (frame[slot] as DataObject | null | undefined)?.['__typename']
    return typeof name === 'string' ? `{"__typename":${valueText(name)}` : undefined
  }
}

function presence(layout: FrameLayout, at: PositionId, field: RepresentationField): (frame: Frame) => boolean {
  const slot = layout.slot(at, field.source)
  const read = reader(field.key)
  const accepts = compileTypeTest(layout, at, field.types)
  return (frame) => {
    const object = frame[slot]
    if (!isObject(object) || accepts?.(frame) === false) return false
    const value = read(object)
    return value !== null && value !== undefined
  }
}

function compileMember(layout: FrameLayout, at: PositionId, field: RepresentationField): MemberText {
  const opening = `,${JSON.stringify(field.name)}:`
  const value = compileValue(layout, at, field)
  const accepts = compileTypeTest(layout, at, field.types)
  return (frame) => {
    if (accepts?.(frame) === false) return ''
    const written = value(frame)
    return written === undefined ? undefined : opening + written
  }
}

function compileValue(layout: FrameLayout, at: PositionId, field: RepresentationField): MemberText {
  const slot = layout.slot(at, field.source)
  const read = reader(field.key)
  const nested = field.child === null ? null : compileNested(layout, field.child.position, field.child.fields)
  return (frame) => {
    const object = frame[slot]
    // Where the entity is unknown to the subgraph that has the field, it is null; where that failed, nobody knows.
    if (!isObject(object)) return object === undefined ? undefined : 'null'
    return nested === null ? valueText(read(object)) : nested(read(object), frame)
  }
}

function valueText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return quote(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      return Number.isFinite(value) ? `${value}` : 'null'
    default:
      if (value === null || value === undefined) return 'null'
      return isTooDeep(value) ? undefined : JSON.stringify(value)
  }
}

type NestedText = (value: unknown, frame: Frame) => string | undefined

interface NestedAt {
  readonly frame: Frame
  /** Lists around it. */
  readonly level: number
}

/** Objects, lists of them, and nulls of a position below. */
function compileNested(layout: FrameLayout, at: PositionId, fields: readonly RepresentationField[]): NestedText {
  const steps = fieldSteps(layout, at)
  const links = compileLinks(layout, at)
  const members = fields.map((field) => compileMember(layout, at, field))
  const write = (value: unknown, values: readonly unknown[], at: NestedAt): string | undefined => {
    const { frame, level } = at
    if (Array.isArray(value)) {
      if (level === limits.listLevelsMax) return undefined
      const items: string[] = []
      for (let index = 0; index < value.length; index++) {
        const item = write(value[index], itemsAt(values, index), { frame, level: level + 1 })
        if (item === undefined) return undefined
        items.push(item)
      }
      return `[${items.join(',')}]`
    }
    if (!isObject(value)) return 'null'
    enterObjects(steps, values, frame)
    links?.(frame)
    let text = ''
    for (const member of members) {
      const written = member(frame)
      if (written === undefined) return undefined
      text += written
    }
    return `{${text.slice(1)}}`
  }
  return (value, frame) => write(value, fieldValuesOf(steps, frame), { frame, level: 0 })
}
