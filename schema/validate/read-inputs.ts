// @reads: input types that are rows of an entity, mostly another product's, each with the key of the entity and the fields that are read.
import type { Product, ReadField, ReadInput, ValueType } from '../model.ts'
import type { InputDeclaration } from '../parse/declarations.ts'
import { argumentPlace, itemPlace, textOf, textsOf, wholeDirective } from '../parse/directive-values.ts'
import { suggestName } from '../parse/nearest-name.ts'
import type { Directive } from '../parse/read-directives.ts'
import { isKeyableType } from './keyable.ts'
import { assembleReadTypes, buildReadTypes, nestedInside, readsRows, type ReadFieldShape } from './read-types.ts'
import { type Shapes, shapeTypeText } from './shapes.ts'

const PRODUCT_REFERENCE = /^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/
const TYPE_NAME = /^[A-Za-z]\w*$/

export interface Reads {
  /** Whole ones, in order of declaration. */
  readonly inputs: readonly ReadInput[]
  /** Nested values of them. */
  readonly types: readonly ValueType[]
  /** Names of input types that are declared and wrong: whatever uses them says nothing of it. */
  readonly broken: ReadonlySet<string>
}

function checkNames(directive: Directive, shapes: Shapes): void {
  const { reporter } = shapes
  const product = textOf(directive, 'product')
  const at = argumentPlace(directive, 'product')
  if (!PRODUCT_REFERENCE.test(product)) {
    const message = `"${product}" is not a product's "domain/name".`
    reporter.error('PRODUCT_VALUE_INVALID', at, message, 'Write e.g. "sales/orders".')
  }
  const entity = textOf(directive, 'entity')
  if (!TYPE_NAME.test(entity)) {
    const message = `"${entity}" is no name of an entity.`
    reporter.error('NAME_INVALID', argumentPlace(directive, 'entity'), message, 'Write e.g. "Order".')
  }
}

function checkKeyField(
  name: string,
  field: ReadFieldShape | undefined,
  { directive, index, shapes }: { readonly directive: Directive; readonly index: number; readonly shapes: Shapes },
): boolean {
  const { reporter } = shapes
  const at = itemPlace(directive, 'key', index)
  if (field === undefined) {
    const entity = textOf(directive, 'entity')
    const fix = `Add it with the type that it has at "${entity}", or name its key, as in key: ["id"].`
    reporter.error(
      'FIELD_UNKNOWN',
      at,
      `@reads(key:) names "${name}", which is not among the fields that are read.`,
      fix,
    )
    return false
  }
  if (field.type === null) return false
  const owner = `"${field.declaration.name}.${name}"`
  if (!isKeyableType(field.type)) {
    const message = `@reads(key:) has ${owner}, whose type ${shapeTypeText(field.type)} cannot be part of a key.`
    reporter.error('KEY_FIELD_TYPE', at, message, "Name the fields of the entity's key.")
    return false
  }
  if (!field.nullable) return true
  const fix = `Declare it "${name}: ${shapeTypeText(field.type)}!".`
  reporter.error('KEY_FIELD_TYPE', field.node.type, `${owner} is part of the key and nullable.`, fix)
  return false
}

function checkKey(directive: Directive, fields: readonly ReadFieldShape[], shapes: Shapes): boolean {
  const key = textsOf(directive, 'key')
  if (key.length === 0) {
    const at = argumentPlace(directive, 'key')
    shapes.reporter.error('KEY_INVALID', at, '@reads(key:) is empty.', "Name the fields of the entity's key.")
    return false
  }
  const good = key.map((name, index) => {
    if (key.indexOf(name) === index)
      return checkKeyField(name, fields.find((field) => field.name === name), { directive, index, shapes }) // prettier-ignore
    const at = itemPlace(directive, 'key', index)
    shapes.reporter.error('KEY_INVALID', at, `@reads(key:) names "${name}" twice.`, 'Name it once.')
    return false
  })
  return good.every(Boolean)
}

export function compileReads(shapes: Shapes): Reads {
  const { declarations, reporter } = shapes
  const types = buildReadTypes(shapes)
  const broken = new Set(types.broken)
  const inputs: ReadInput[] = []
  const used = new Set<string>()
  for (const input of declarations.inputs.values()) {
    if (!readsRows(input)) continue
    for (const nested of nestedInside(types.fields, input.name)) used.add(nested)
    const fields = types.fields.get(input.name) ?? []
    const directive = wholeDirective(input.directives, 'reads')
    if (directive !== null) checkNames(directive, shapes)
    const keyed = directive !== null && fields.length > 0 && checkKey(directive, fields, shapes)
    if (!keyed || broken.has(input.name)) broken.add(input.name)
    else inputs.push(assembleInput(input, directive, { fields, shapes }))
  }
  for (const input of declarations.inputs.values()) {
    if (readsRows(input) || used.has(input.name)) continue
    const message = `Nothing that is read has a value of the input type "${input.name}".`
    const fix = `Remove it; or add @reads(product: "domain/name", entity: "...") where it is rows of an entity.`
    reporter.error('READ_UNUSED', input.nameNode, message, fix)
  }
  return { inputs, types: assembleReadTypes(types, shapes), broken }
}

function assembleInput(
  input: InputDeclaration,
  directive: Directive,
  { fields, shapes }: { readonly fields: readonly ReadFieldShape[]; readonly shapes: Shapes },
): ReadInput {
  const { reporter } = shapes
  return {
    name: input.name,
    product: textOf(directive, 'product'),
    entity: textOf(directive, 'entity'),
    key: textsOf(directive, 'key'),
    fields: fields.flatMap(({ name, type, nullable, node }): ReadField[] =>
      type === null ? [] : [{ name, type, nullable, location: reporter.locate(node.name) }],
    ),
    location: reporter.locate(input.nameNode),
  }
}

/** The input type that a directive names; null where there is none that rows are read by (reported unless it is only broken). */
export function findInput(
  directive: Directive,
  argument: string,
  reads: Reads,
  shapes: Shapes,
): Product['reads'][number] | null {
  const name = textOf(directive, argument)
  const found = reads.inputs.find((input) => input.name === name)
  if (found !== undefined || reads.broken.has(name)) return found ?? null
  const { declarations, reporter } = shapes
  const at = argumentPlace(directive, argument)
  if (declarations.inputs.has(name)) {
    const message = `@${directive.name}(${argument}:) names "${name}", an input type without @reads.`
    reporter.error('READ_INVALID', at, message, `Add @reads(product: "domain/name", entity: "...") to "${name}".`)
    return null
  }
  const known = [...declarations.inputs.values()].filter(readsRows).map((input) => input.name)
  const fix =
    known.length === 0
      ? `Declare input ${TYPE_NAME.test(name) ? name : 'OrderRead'} @reads(product: "domain/name", entity: "...") { id: ID! }.`
      : suggestName(name, known)
  reporter.error('TYPE_UNKNOWN', at, `@${directive.name}(${argument}:) names "${name}", which is no input type.`, fix)
  return null
}

/** Input types that no fold uses, though every fold is known. */
export function reportUnusedInputs(reads: Reads, used: ReadonlySet<string>, shapes: Shapes): void {
  for (const input of shapes.declarations.inputs.values()) {
    if (!readsRows(input) || used.has(input.name) || reads.broken.has(input.name)) continue
    const message = `"${input.name}" is read, and no @fold or @join uses it.`
    const fix = `Add @fold(input: "${input.name}") to the entity that is made from it, or remove it.`
    shapes.reporter.error('READ_UNUSED', input.nameNode, message, fix)
  }
}
