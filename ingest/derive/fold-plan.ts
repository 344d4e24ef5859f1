// What the stages of one derived entity know of it: the compiled fold, its topics, and where the rows of its inputs are read.
import { createHash } from 'node:crypto'
import { ttlOfRead } from '../../schema/check-mesh-ended-rows.ts'
import type { CompiledFold, CompiledRead } from '../../schema/fold/compiled-fold.ts'
import type { Entity, Product, Source } from '../../schema/model.ts'
import type { Row } from '../../schema/row.ts'
import { topicNames } from '../../schema/topics.ts'
import { invariant, MeshgateError } from '../../platform/errors.ts'
import { planEntities, type EntityPlan } from '../entity-plan.ts'
import { planDirect, type DirectPlan } from './direct-plan.ts'
import type { Activation, StageName } from './fold-ledger.ts'

/** An entity whose rows are folded or joined. */
export interface ReadPlan {
  readonly read: CompiledRead
  /** Index in `CompiledFold.reads`. */
  readonly index: number
  readonly changesTopic: string
  readonly table: string
  /** Key of the base row by the text that keys the changes; null where it is none. */
  readonly keyOf: (keyText: string) => Row | null
  /** The same, the entity's key fields alone. */
  readonly fieldsOf: (keyText: string) => Row | null
  /** The text that keys the changes, of a row. */
  readonly keyText: (row: Row) => string
  /** Columns of the base table's key. */
  readonly keyColumns: readonly string[]
  /** A row may end by itself, which no change tells. */
  readonly rowsEnd: boolean
}

export interface FoldPlan {
  readonly product: Product
  readonly entity: Entity
  readonly source: Source
  /** Of the derived entity itself. */
  readonly own: EntityPlan
  readonly compiled: CompiledFold
  readonly reads: readonly ReadPlan[]
  /**
   * By input, whether the key of a row alone says which groups it may contribute to, and no joined row has a say: nothing need be kept of
   * such rows, since what they contributed is taken back from the same groups.
   */
  readonly fixed: readonly boolean[]
  /** After how long the first rows of an input end whose groups cannot be made again then; null: none of them do. */
  readonly endsMs: number | null
  /** Null: what rows contribute is asked of the rows themselves. */
  readonly direct: DirectPlan | null
  readonly touchedTopic: string
  readonly contributionsTopic: string
  readonly partitions: number
}

export interface FoldPlanOptions {
  readonly product: Product
  readonly entity: Entity
  readonly compiled: CompiledFold
  /** Products that may be read, the fold's own among them. */
  readonly products: readonly Product[]
  readonly resolutionUs: 1 | 1000
}

/** FOLD_INPUT_MISSING where a product that is read is not among those given. */
export function planFold({ product, entity, compiled, products, resolutionUs }: FoldPlanOptions): FoldPlan {
  const { source } = entity
  const own = planEntities(product, resolutionUs).find((plan) => plan.entity === entity)
  invariant(source !== null && own !== undefined, `${entity.name} has a source`)
  const reads = compiled.reads.map((read, index) => planRead(read, index, { products, name: compiled.name }))
  const fixed = compiled.inputs.map(({ groupFields, read }, index) => {
    const key = compiled.reads[read]?.key ?? []
    const joins = entity.derivation?.folds[index]?.joins.length ?? 0
    return joins === 0 && groupFields !== null && groupFields.every((field) => key.includes(field))
  })
  return {
    product,
    entity,
    source,
    own,
    compiled,
    reads,
    fixed,
    direct: fixed.every(Boolean) ? planDirect({ product, entity, products }) : null,
    endsMs: firstEnd(entity, compiled, products),
    touchedTopic: topicNames.touched(source.topic),
    contributionsTopic: topicNames.contributions(source.topic),
    partitions: source.partitions,
  }
}

function firstEnd(entity: Entity, { inputs, reads }: CompiledFold, products: readonly Product[]): number | null {
  const ends = inputs.flatMap(({ read }, index) => {
    const of = reads[read]
    const ttlMs = of === undefined ? null : ttlOfRead(of, products)
    return ttlMs === null || entity.derivation?.folds[index]?.endedStay === true ? [] : [ttlMs]
  })
  return ends.length === 0 ? null : Math.min(...ends)
}

function planRead(
  read: CompiledRead,
  index: number,
  { products, name }: { readonly products: readonly Product[]; readonly name: string },
): ReadPlan {
  const product = products.find((each) => `${each.domain}/${each.name}` === read.product)
  if (product === undefined) {
    const message = `${name} is derived from ${read.product}, which is not among the products given: give its product.graphql too (it is only read), or ingest both in one process.`
    throw new MeshgateError('FOLD_INPUT_MISSING', message)
  }
  const plan = planEntities(product, 1).find(({ entity }) => entity.name === read.entity)
  if (plan === undefined) {
    const message = `${name} is derived from ${read.entity} of ${read.product}, whose version ${product.version} has no such entity of its own: name another, or give the version that has it.`
    throw new MeshgateError('FOLD_INPUT_MISSING', message)
  }
  const { base, codec } = plan
  return {
    read,
    index,
    changesTopic: plan.changesTopic,
    table: base.name,
    keyOf: (keyText) => {
      const key = codec.keyOf(Buffer.from(keyText))
      return key === null ? null : base.keyOf(key)
    },
    fieldsOf: (keyText) => codec.keyOf(Buffer.from(keyText)),
    keyText: (row) => codec.keyText(row),
    keyColumns: base.keyColumns,
    rowsEnd: ttlOfRead(read, products) !== null,
  }
}

const FOLD_KEY_DIGITS = 10

/** Stands in every row of the fold's tables: another activation is another fold. */
export function foldKey({ fold, number }: Pick<Activation, 'fold' | 'number'>): string {
  return `${createHash('sha256').update(fold).digest('hex').slice(0, FOLD_KEY_DIGITS)}.${number}`
}

/** Consumer group of a stage. An activation has its own, so that others' positions are none of its business. */
export function foldGroup(plan: FoldPlan, stage: 'notice' | StageName, number: number): string {
  const { product, entity } = plan
  return `derive.${product.domain}.${product.name}.${entity.name}.${number}.${stage}`
}
