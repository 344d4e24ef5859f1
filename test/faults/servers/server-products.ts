// Products of the fault suite under topics and groups of one run's own, so that runs share servers and nothing else.
import type { Product } from '../../../schema/model.ts'
import type { FoldFunctions } from '../../../schema/fold/fold-function.ts'
import { DERIVED_FUNCTIONS, derivedOf, type FaultDerived } from '../fault-derived.ts'
import { FAULT_PRODUCTS, type FaultProduct } from '../fault-products.ts'

/** Those of the names, in the suite's order. */
export function serverProducts(unique: string, names: readonly string[]): readonly FaultProduct[] {
  return FAULT_PRODUCTS.filter(({ name }) => names.includes(name)).map((one) => {
    const topic = `${one.topic}-${unique}`
    return { ...one, topic, product: renamed(one.product, unique, topic) }
  })
}

export interface ServerDerived extends FaultDerived {
  readonly functions: Readonly<Record<string, FoldFunctions>>
}

/** What the seed derives from the run's products, under its own names too. */
export function serverDerived(unique: string, seed: number, products: readonly FaultProduct[]): ServerDerived {
  const { told, ...derived } = derivedOf(seed, products)
  const topic = `${told.topic}-${unique}`
  const product = renamed(told.product, unique, topic)
  const own = DERIVED_FUNCTIONS[`faults/${told.product.name}`]
  const functions = own === undefined ? {} : { [`faults/${product.name}`]: own }
  return { ...derived, told: { ...told, topic, product }, functions }
}

/** A group is named after its product. */
function renamed(product: Product, unique: string, topic: string): Product {
  const entities = product.entities.map((entity) =>
    entity.source === null ? entity : { ...entity, source: { ...entity.source, topic } },
  )
  return { ...product, name: `${product.name}${unique}`, entities }
}
