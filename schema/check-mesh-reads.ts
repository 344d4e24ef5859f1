// What products read of one another, against the owners: the entity, its key, the fields and their types; and that none of these
// is derived from itself.
import type { Diagnostic } from './diagnostic.ts'
import { typeText } from './check-mesh-types.ts'
import type { Entity, Field, FieldType, Product, ReadField, ReadInput, ScalarName, SourceLocation } from './model.ts'
import { nearestName } from './parse/nearest-name.ts'

const productName = (product: Product): string => `${product.domain}/${product.name}`

interface Reading {
  readonly reader: Product
  readonly owner: Product
  readonly found: Diagnostic[]
}

function report(reading: Reading, location: SourceLocation, message: string, fix: string): void {
  reading.found.push({ code: 'MESH_READ_MISMATCH', severity: 'ERROR', message, fix, location })
}

const TEXTS: readonly ScalarName[] = ['ID', 'String', 'UUID', 'EmailAddress', 'URL']

/** What the value of the owner's type is not as one of the reader's: the owner's type where it must be the same; null where it fits. */
function misfit(owned: FieldType, read: FieldType): string | null {
  const wanted = ownerTypeText(owned)
  if (owned.kind === 'list' || read.kind === 'list') {
    if (owned.kind !== 'list' || read.kind !== 'list') return wanted
    return owned.itemsNullable && !read.itemsNullable ? wanted : misfit(owned.of, read.of) && wanted
  }
  if (owned.kind === 'object') return read.kind === 'object' ? null : wanted
  if (owned.kind === 'enum') {
    if (read.kind === 'enum') return read.name === owned.name ? null : wanted
    return read.kind === 'scalar' && (read.scalar === 'String' || read.scalar === 'ID') ? null : `${wanted}, or String`
  }
  if (read.kind !== 'scalar') return wanted
  if (owned.scalar === read.scalar) return null
  // Any text is a String, and any Int a Float, as rows hold them.
  const wider = TEXTS.includes(owned.scalar) ? ['String', 'ID'] : owned.scalar === 'Int' ? ['Float'] : []
  return wider.includes(read.scalar) ? null : wanted
}

function ownerTypeText(type: FieldType): string {
  if (type.kind === 'list') return `[${ownerTypeText(type.of)}${type.itemsNullable ? '' : '!'}]`
  return type.kind === 'object' ? `an input type with fields of "${type.name}"` : typeText(type)
}

/** Values that the owner's enum has and the reader's, of the same name, lacks. */
function checkEnums(owned: FieldType, read: FieldType, place: Compared, reading: Reading): void {
  if (owned.kind === 'list' && read.kind === 'list') return checkEnums(owned.of, read.of, place, reading)
  if (owned.kind !== 'enum' || read.kind !== 'enum') return
  const valuesOf = (product: Product) =>
    product.enums.find((one) => one.name === owned.name)?.values.map((value) => value.name) ?? []
  const known = valuesOf(reading.reader)
  const lacking = valuesOf(reading.owner).filter((value) => !known.includes(value))
  if (lacking.length === 0) return
  const message = `${place.name} may be ${lacking.join(', ')} at ${productName(reading.owner)}, which the enum "${read.name}" here does not have.`
  report(reading, place.location, message, `Add ${lacking.join(', ')} to the enum, or read the field as String.`)
}

interface Compared {
  readonly name: string
  readonly location: SourceLocation
}

function objectName(type: FieldType): string | null {
  if (type.kind === 'list') return objectName(type.of)
  return type.kind === 'object' ? type.name : null
}

interface Nesting {
  /** What the fields are of, at the owner. */
  readonly owned: { readonly name: string; readonly fields: readonly Field[] }
  readonly read: { readonly name: string; readonly fields: readonly Omit<ReadField, 'location'>[] }
  readonly locationOf: (field: string) => SourceLocation
  /** Pairs of types that are compared already. */
  readonly seen: Set<string>
}

function checkFields({ owned, read, locationOf, seen }: Nesting, reading: Reading): void {
  const pair = `${owned.name} ${read.name}`
  if (seen.has(pair)) return
  seen.add(pair)
  const values = owned.fields.filter((field) => field.kind === 'stored' || field.kind === 'computed')
  for (const field of read.fields) {
    const place: Compared = { name: `"${read.name}.${field.name}"`, location: locationOf(field.name) }
    const known = values.find((one) => one.name === field.name)
    const at = `"${owned.name}" of ${productName(reading.owner)}`
    if (known === undefined) {
      const names = values.map((one) => one.name)
      const near = nearestName(field.name, names)
      const fix = near === null ? `Read one of ${names.join(', ')}, or remove it.` : `Write "${near}".`
      report(reading, place.location, `${place.name} is read, and ${at} has no such field with values.`, fix)
      continue
    }
    const wanted = misfit(known.type, field.type)
    if (wanted !== null) {
      const message = `${place.name} is of type ${typeText(field.type)}, and at ${at} of type ${typeText(known.type)}.`
      report(reading, place.location, message, `Read it as ${wanted}.`)
      continue
    }
    if (known.nullable && !field.nullable) {
      const message = `${place.name} is never null here, and at ${at} it may be.`
      report(reading, place.location, message, 'Write its type without "!".')
    }
    checkEnums(known.type, field.type, place, reading)
    const [inside, within] = [objectName(known.type), objectName(field.type)]
    const ownedType = reading.owner.valueTypes.find((type) => type.name === inside)
    const readType = reading.reader.readTypes.find((type) => type.name === within)
    if (ownedType === undefined || readType === undefined) continue
    const nested = readType.fields.flatMap((one) => (one.kind === 'stored' ? [one] : []))
    const placeOf = (name: string) => nested.find((one) => one.name === name)?.location ?? readType.location
    checkFields({ owned: ownedType, read: { name: readType.name, fields: nested }, locationOf: placeOf, seen }, reading)
  }
}

function checkKey(read: ReadInput, entity: Entity, reading: Reading): void {
  if (read.key.join(' ') === entity.key.join(' ')) return
  const message = `"${read.name}" has the key (${read.key.join(', ')}), and "${entity.name}" at ${productName(reading.owner)} (${entity.key.join(', ')}).`
  const key = entity.key.map((name) => `"${name}"`).join(', ')
  report(reading, read.location, message, `Write key: [${key}] in @reads, and read these fields.`)
}

function checkRead(read: ReadInput, reading: Reading): void {
  const { owner } = reading
  const owned = owner.entities.filter((entity) => entity.source !== null)
  const entity = owned.find((one) => one.name === read.entity)
  if (entity === undefined) {
    const elsewhere = owner.entities.some((one) => one.name === read.entity)
    const message = elsewhere
      ? `${productName(owner)} refers to "${read.entity}" and does not own it.`
      : `${productName(owner)} has no entity "${read.entity}".`
    const names = owned.map((one) => one.name)
    const near = nearestName(read.entity, names)
    const fix = elsewhere
      ? 'Name the product that owns it.'
      : near === null
        ? `Read one of ${names.join(', ')}.`
        : `Write "${near}".`
    report(reading, read.location, message, fix)
    return
  }
  checkKey(read, entity, reading)
  const locationOf = (name: string) => read.fields.find((field) => field.name === name)?.location ?? read.location
  checkFields({ owned: entity, read, locationOf, seen: new Set() }, reading)
}

/** The way from one entity to another through what they are derived from, by the shortest path; null where there is none. */
function wayBack(from: string, to: string, inputs: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const open: (readonly string[])[] = [[from]]
  const seen = new Set([from])
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    const last = path.at(-1) ?? from
    if (last === to) return path
    for (const next of inputs.get(last) ?? []) {
      if (seen.has(next)) continue
      seen.add(next)
      open.push([...path, next])
    }
  }
  return null
}

/** What an entity is made from, by @fold and @join. */
function readsOf(product: Product, entity: Entity): readonly ReadInput[] {
  const folds = entity.derivation?.folds ?? []
  const names = new Set(folds.flatMap((fold) => [fold.input, ...fold.joins.map((join) => join.input)]))
  return product.reads.filter((read) => names.has(read.name))
}

/** A fold of what is folded from it would never come to rest. Told at everything that is read around the circle. */
function checkCycles(products: readonly Product[]): readonly Diagnostic[] {
  const derived = products.flatMap((product) =>
    product.entities.map((entity) => ({
      name: `${productName(product)}.${entity.name}`,
      reads: readsOf(product, entity),
    })),
  )
  const nameOf = (read: ReadInput): string => `${read.product}.${read.entity}`
  const inputs = new Map(
    derived.flatMap(({ name, reads }) => (reads.length === 0 ? [] : [[name, reads.map(nameOf)] as const])),
  )
  return derived.flatMap(({ name, reads }) =>
    reads.flatMap((read): readonly Diagnostic[] => {
      const way = wayBack(nameOf(read), name, inputs)
      if (way === null) return []
      const message = `${name} is derived from itself: ${[name, ...way].join(' → ')}.`
      const fix = 'Derive one of them from what comes before both.'
      return [{ code: 'MESH_CYCLE', severity: 'ERROR', message, fix, location: read.location }]
    }),
  )
}

/** Problems of what products read; of products that the mesh does not have, only that. */
export function checkReads(products: readonly Product[]): readonly Diagnostic[] {
  const byName = new Map(products.map((product) => [productName(product), product]))
  const found: Diagnostic[] = []
  for (const reader of products) {
    for (const read of reader.reads) {
      const owner = byName.get(read.product)
      if (owner !== undefined) {
        checkRead(read, { reader, owner, found })
        continue
      }
      const message = `${productName(reader)} reads "${read.product}", which the mesh does not have.`
      const near = nearestName(read.product, byName.keys())
      const fix =
        near === null
          ? 'Add the product, or mend the name in @reads.'
          : `Write "${near}" in @reads, or add the product.`
      // What cannot be read until another product joins does not keep this one from running.
      found.push({ code: 'MESH_PRODUCT_UNKNOWN', severity: 'WARNING', message, fix, location: read.location })
    }
  }
  return [...found, ...checkCycles(products)]
}
