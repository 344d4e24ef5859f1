// Products of the fault suite under topics and groups of one run's own, so that runs share servers and nothing else.
import type { Product } from '../../../schema/model.ts'
import { FAULT_PRODUCTS, type FaultProduct } from '../fault-products.ts'

/** Those of the names, in the suite's order. */
export function serverProducts(unique: string, names: readonly string[]): readonly FaultProduct[] {
  return FAULT_PRODUCTS.filter(({ name }) => names.includes(name)).map((one) => {
    const topic = `${one.topic}-${unique}`
    return { ...one, topic, product: renamed(one.product, unique, topic) }
  })
}

/** A group is named after its product. */
function renamed(product: Product, unique: string, topic: string): Product {
  const entities = product.entities.map((entity) =>
    entity.source === null ? entity : { ...entity, source: { ...entity.source, topic } },
  )
  return { ...product, name: `${product.name}${unique}`, entities }
}
