// Products for tests, from SDL as an author writes it.
import { compileProduct } from '../../schema/compile-product.ts'
import { formatDiagnostic } from '../../schema/format-diagnostic.ts'
import type { Entity, Product } from '../../schema/model.ts'
import { compileRecordCodec } from '../../schema/emit/emit-record-codec.ts'
import type { Decoded, RecordCodec, Violation } from '../../schema/record.ts'
import type { Row } from '../../schema/row.ts'

/** `body` may leave out the header. */
export function productOf(body: string, name = 'things'): Product {
  const header = `extend schema @product(name: "${name}", domain: "tests", owner: "tests@example.com", version: "1.0.0")\n`
  const { product, diagnostics } = compileProduct(`${name}.graphql`, body.includes('@product(') ? body : header + body)
  if (product === null) throw new Error(diagnostics.map((diagnostic) => formatDiagnostic(diagnostic)).join('\n'))
  return product
}

export function entityOf(product: Product, name?: string): Entity {
  const entity = product.entities.find((candidate) =>
    name === undefined ? candidate.source !== null : candidate.name === name,
  )
  if (entity === undefined) throw new Error(`no entity ${name ?? 'with a source'}`)
  return entity
}

export interface Thing {
  readonly codec: RecordCodec
  decode(value: unknown, key?: string | null, headers?: Readonly<Record<string, string>>): Decoded
}

const encoder = new TextEncoder()

/** The codec of the product's first entity with a source; `value` text is sent as it is, null is a tombstone, the rest as JSON. */
export function thingOf(body: string): Thing {
  const product = productOf(body)
  const codec = compileRecordCodec(product, entityOf(product))
  return {
    codec,
    decode(value, key = null, headers = {}) {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return codec.decode({
        key: key === null ? null : encoder.encode(key),
        value: value === null ? null : encoder.encode(text),
        headers,
      })
    },
  }
}

/** An entity `Thing` with the key `id` and the fields given. */
export const thingWith = (fields: string, options: { readonly source?: string; readonly types?: string } = {}): Thing =>
  thingOf(`type Thing @key(fields: "id")
  @source(topic: "tests.things", key: "id" ${options.source ?? ''})
  @table(name: "things", partitionKey: ["id"]) {
  id: ID!
  ${fields}
}
type Query { thing(id: ID!): Thing @lookup }
${options.types ?? ''}`)

export function rowOf(decoded: Decoded): Row {
  if (decoded.kind !== 'upsert') throw new Error(JSON.stringify(decoded))
  return decoded.row
}

export function violationsOf(decoded: Decoded): readonly Violation[] {
  if (decoded.kind !== 'rejected') throw new Error(JSON.stringify(decoded))
  return decoded.violations
}

/** Code and field of each violation. */
export const problems = (decoded: Decoded): readonly string[] =>
  violationsOf(decoded).map(({ code, field, checkId }) =>
    [code, field, checkId].filter((part) => part !== null).join(' '),
  )
