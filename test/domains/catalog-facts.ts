// Facts of the domain catalog: the tree of classes and what is in it, prices.
import { expect } from 'vitest'
import { allPages, type Connection } from './all-pages.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { priceFacts } from './price-facts.ts'
import { foodmartTable } from './source-files.ts'

interface ClassRow {
  readonly product_class_id: number
  readonly product_subcategory: string
  readonly product_category: string
  readonly product_department: string
  readonly product_family: string
}

interface ProductRow {
  readonly product_id: number
  readonly product_class_id: number
}

const pathOf = (row: ClassRow): string[] => [
  row.product_family,
  row.product_department,
  row.product_category,
  row.product_subcategory,
]

interface ClassNode {
  readonly id: string
  readonly name: string
  readonly children: { readonly nodes: readonly ClassNode[] }
}

/** Of a family, a department and a category at most; and whether there is anything below a subcategory. A page of 100 on each level would cost too much. */
const CHILDREN = [20, 10, 10, 1]

/** A selection of a class with what is below it. */
const withChildren = ([first, ...below]: readonly number[]): string =>
  first === undefined ? 'id name' : `id name children(first: ${first}) { nodes { ${withChildren(below)} } }`

const treeWalkedDown: FactRule = {
  title: 'the tree of classes, walked down from its families, has the paths of the file and no others',
  async check(mesh) {
    const { productClasses } = await mesh.query<{ productClasses: { nodes: readonly ClassNode[] } }>(
      `{ productClasses(first: 5) { nodes { ${withChildren(CHILDREN)} } } }`,
    )
    const found: string[] = []
    const walk = (node: ClassNode, path: readonly string[]): void => {
      const own = [...path, node.name]
      if (node.children.nodes.length === 0) found.push(`${node.id}: ${own.join(' > ')}`)
      for (const child of node.children.nodes) walk(child, own)
    }
    for (const family of productClasses.nodes) walk(family, [])
    const expected = foodmartTable<ClassRow>('product_class').map(
      (row) => `${row.product_class_id}: ${pathOf(row).join(' > ')}`,
    )
    expect(found.toSorted()).toEqual(expected.toSorted())
  },
}

interface NodeAbove {
  readonly name: string
  readonly level: string
  readonly parent: NodeAbove | null
}

const treeWalkedUp: FactRule = {
  title: 'every hundredth product is of the class of the file, and walked up from there it comes to its family',
  async check(mesh) {
    const classes = new Map(foodmartTable<ClassRow>('product_class').map((row) => [row.product_class_id, row]))
    for (const row of foodmartTable<ProductRow>('product').filter((_, index) => index % 100 === 0)) {
      const up = 'parent { name level parent { name level parent { name level parent { name level parent { id } } } } }'
      const { product } = await mesh.query<{ product: { class: NodeAbove & { path: readonly string[] } } }>(
        `query ($id: ID!) { product(id: $id) { class { name level path ${up} } } }`,
        { id: row.product_id },
      )
      const names: string[] = []
      const levels: string[] = []
      for (let node: NodeAbove | null = product.class; node !== null; node = node.parent) {
        names.unshift(node.name)
        levels.unshift(node.level)
      }
      const productClass = classes.get(row.product_class_id)
      const expected = productClass === undefined ? [] : pathOf(productClass)
      expect([names, product.class.path]).toEqual([expected, expected])
      expect(levels).toEqual(['FAMILY', 'DEPARTMENT', 'CATEGORY', 'SUBCATEGORY'])
    }
  },
}

const productsOfClasses: FactRule = {
  title: 'every class has as many products as the file gives it',
  async check(mesh) {
    const expected = new Map<string, number>()
    for (const { product_class_id: id } of foodmartTable<ClassRow>('product_class')) expected.set(String(id), 0)
    for (const { product_class_id: id } of foodmartTable<ProductRow>('product')) {
      expected.set(String(id), (expected.get(String(id)) ?? 0) + 1)
    }
    const found = new Map<string, number>()
    for (const id of expected.keys()) found.set(id, await countProducts(mesh, id))
    expect(found).toEqual(expected)
  },
}

async function countProducts(mesh: AskedMesh, id: string): Promise<number> {
  const products = await allPages(async (after) => {
    const { productClass } = await mesh.query<{ productClass: { products: Connection<object> } }>(
      `query ($id: ID!, $after: String) { productClass(id: $id) {
        products(first: 100, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
      } }`,
      { id, after },
    )
    return productClass.products
  })
  return products.length
}

/** Of what is loaded, not what is derived. */
export const classFacts: readonly FactRule[] = [treeWalkedDown, treeWalkedUp, productsOfClasses]

export const catalogFacts: readonly FactRule[] = [...classFacts, ...priceFacts]
