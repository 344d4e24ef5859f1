// What a product's subgraph is called in the mesh. It depends on the product alone, so a second product of a domain renames nothing.
import type { Product } from '../../schema/model.ts'

/** The domain where the product is called like it, else `<domain>-<name>`. */
export const subgraphName = (product: Pick<Product, 'domain' | 'name'>): string =>
  product.domain === product.name ? product.domain : `${product.domain}-${product.name}`
