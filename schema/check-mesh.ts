// What must hold between the products of one mesh: names that are claimed once, and references that the owner of an entity can answer.
import { checkEndedRows } from './check-mesh-ended-rows.ts'
import { checkReads } from './check-mesh-reads.ts'
import { checkSharedTypes, servedFields, typeText } from './check-mesh-types.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { DiagnosticCode } from './diagnostic-codes.ts'
import type { Entity, Field, Product, SourceLocation } from './model.ts'
import { compareDiagnostics } from './parse/reporter.ts'

interface Claim {
  readonly name: string
  readonly product: Product
  readonly location: SourceLocation
}

const productName = (product: Product): string => `${product.domain}/${product.name}`
const startOf = (product: Product): SourceLocation => ({ file: product.file, line: 1, column: 1 })

function problem(code: DiagnosticCode, location: SourceLocation, message: string, fix: string): Diagnostic {
  // What cannot be answered until another product joins does not keep this one from running.
  const severity = code === 'MESH_ENTITY_UNOWNED' ? 'WARNING' : 'ERROR'
  return { code, severity, message, fix, location }
}

/** Claims of a name after the first, by another product than the first's. */
function repeated(what: string, claims: readonly Claim[]): readonly Diagnostic[] {
  const first = new Map<string, Claim>()
  const found: Diagnostic[] = []
  for (const claim of claims) {
    const earlier = first.get(claim.name)
    if (earlier === undefined) first.set(claim.name, claim)
    else if (earlier.product !== claim.product) {
      const at = `${earlier.location.file}:${earlier.location.line}`
      const message = `The ${what} "${claim.name}" is ${productName(earlier.product)}'s already (${at}).`
      found.push(problem('MESH_DUPLICATE', claim.location, message, `Rename it in ${productName(claim.product)}.`))
    }
  }
  return found
}

function owned(product: Product): readonly Entity[] {
  return product.entities.filter((entity) => entity.source !== null)
}

function typeOf(fields: readonly Field[], name: string): string {
  const field = fields.find((one) => one.name === name)
  return typeText(field?.kind === 'stored' || field?.kind === 'computed' ? field.type : null)
}

/** A key as text that is equal for equal keys: `id: ID, line: Int`. */
function keySignature(entity: Entity): string {
  return entity.key.map((name) => `${name}: ${typeOf(entity.fields, name)}`).join(', ')
}

function referencesTo(product: Product, name: string): readonly SourceLocation[] {
  const fields = [...product.entities, ...product.valueTypes].flatMap((type) => type.fields)
  return fields.filter((field) => field.kind === 'reference' && field.entity === name).map((field) => field.location)
}

/** Another product's entity against its owner: there is one, and its key is the one declared here. */
function checkForeign(product: Product, entity: Entity, owners: ReadonlyMap<string, Claim & { entity: Entity }>) {
  const owner = owners.get(entity.name)
  const places = [entity.location, ...referencesTo(product, entity.name)]
  if (owner === undefined) {
    const message = `No product of the mesh owns "${entity.name}": what refers to it finds only its key.`
    const fix = 'Add the product that owns it, or mend the name.'
    return [problem('MESH_ENTITY_UNOWNED', entity.location, message, fix)]
  }
  // Any key of the owner will do, but each must be declared with the owner's types.
  const known = owner.entity.keys.some(
    (key) => key.fields.split(/\s+/).toSorted().join() === entity.key.toSorted().join(),
  )
  const differing = entity.key.filter((name) => typeOf(entity.fields, name) !== typeOf(owner.entity.fields, name))
  if (known && differing.length === 0) return []
  const at = `${owner.location.file}:${owner.location.line}`
  const message = `"${entity.name}" has the key (${keySignature(entity)}) here and (${keySignature(owner.entity)}) at its owner (${at}).`
  return places.map((place) =>
    problem('MESH_KEY_MISMATCH', place, message, `Declare the key as the owner does: ${keySignature(owner.entity)}.`),
  )
}

/** Problems between products, by file and place. The products themselves are valid. */
export function checkMesh(products: readonly Product[]): Diagnostic[] {
  const ownedClaims = products.flatMap((product) =>
    owned(product).map((entity) => ({ name: entity.name, product, location: entity.location, entity })),
  )
  const owners = new Map<string, (typeof ownedClaims)[number]>()
  for (const claim of ownedClaims) if (!owners.has(claim.name)) owners.set(claim.name, claim)
  const found: Diagnostic[] = [
    ...repeated(
      'product',
      products.map((product) => ({ name: productName(product), product, location: startOf(product) })),
    ),
    ...repeated('entity', ownedClaims),
    ...repeated(
      'table',
      ownedClaims.flatMap(({ product, entity }) =>
        entity.tables.map((table) => ({ name: table.name, product, location: table.location })),
      ),
    ),
    ...repeated('field', products.flatMap(servedFields)),
    ...checkSharedTypes(products),
    ...checkReads(products),
    ...checkEndedRows(products),
    // Topics made beside a source's cannot collide: no source's name ends as theirs do.
    ...repeated(
      'topic',
      ownedClaims.flatMap(({ product, entity }) =>
        entity.source === null ? [] : [{ name: entity.source.topic, product, location: entity.location }],
      ),
    ),
  ]
  for (const product of products) {
    for (const entity of product.entities) {
      if (entity.source === null) found.push(...checkForeign(product, entity, owners))
    }
  }
  return found.toSorted(compareDiagnostics)
}
