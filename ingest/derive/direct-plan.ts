// Which folds take what rows contribute from their changes, without looking at the rows: those whose inputs' changes say all that the fold reads,
// with the write time that decides which of several records of a row is visible. And whose groups are windows of a time that the row's key says, so
// that what lies in a group already is found by its time.
import { emitTables } from '../../schema/emit/emit-tables.ts'
import type { Entity, Fold, Product } from '../../schema/model.ts'

export interface DirectPlan {
  /** By input: fields beside the key that a change must have to say what its row is. */
  readonly fields: readonly (readonly string[])[]
  /** Contributions of one group lie in the store by spans of so much event time. */
  readonly spanMs: number
}

export interface DirectPlanOptions {
  readonly product: Product
  readonly entity: Entity
  readonly products: readonly Product[]
}

/** A window has about so many spans, which are no shorter than a second: what is looked for is found among a few hundred. */
const SPANS = 1_000
const SPAN_MS_MIN = 1_000

/** Null where a row must be looked at. The groups of all inputs are known from their keys, and nothing is joined. */
export function planDirect({ product, entity, products }: DirectPlanOptions): DirectPlan | null {
  const { derivation } = entity
  const { window } = derivation ?? {}
  if (derivation === null || window === null || window === undefined || window.kind === 'session') return null
  const fields: (readonly string[])[] = []
  for (const fold of derivation.folds) {
    const told = toldFields(fold, { product, products })
    if (told === null) return null
    fields.push(told)
  }
  return { fields, spanMs: Math.max(SPAN_MS_MIN, Math.ceil(window.sizeMs / SPANS)) }
}

function toldFields(
  { input, each, time }: Fold,
  { product, products }: Pick<DirectPlanOptions, 'product' | 'products'>,
): readonly string[] | null {
  const read = product.reads.find(({ name }) => name === input)
  const owner = products.find((one) => `${one.domain}/${one.name}` === read?.product)
  const entity = owner?.entities.find(({ name }) => name === read?.entity)
  if (read === undefined || owner === undefined || entity === undefined) return null
  if (each !== null || time === null || !time.expression.reads.every((name) => read.key.includes(name))) return null
  const { source, readsBase, tables } = entity
  // Written as records come, each of them whole: a change then is the record, and all its cells have one write time.
  if (source === null || source.partial || readsBase) return null
  // A late record of a row with an end may never have been visible.
  const base = emitTables(owner).find(({ name }) => name === tables[0]?.name)
  if (base === undefined || base.ttlMs !== null) return null
  const fields = read.fields.map(({ name }) => name).filter((name) => !read.key.includes(name))
  return fields.length > 0 && fields.every((name) => isAlwaysWritten(entity, name)) ? fields : null
}

function isAlwaysWritten(entity: Entity, name: string): boolean {
  return entity.fields.some((field) => field.name === name && field.kind === 'stored' && !field.nullable)
}
