// Records of catalog.classes: FoodMart's product classes as nodes of a tree. Its rows are the leaves, with the names of what is above them;
// a node above comes once, before the first leaf below it.
import { digitsOf, foodmartRows, textOf } from './foodmart-rows.ts'
import type { SampleRecord } from '../sample-load.ts'

const LEVELS = [
  { level: 'FAMILY', column: 'product_family' },
  { level: 'DEPARTMENT', column: 'product_department' },
  { level: 'CATEGORY', column: 'product_category' },
] as const

/** What is above families. */
const TOP = 'all'

export async function* classRecords(): AsyncGenerator<SampleRecord> {
  const seen = new Set<string>()
  for await (const row of foodmartRows('product_class')) {
    const path: string[] = []
    let parentId = TOP
    for (const { level, column } of LEVELS) {
      const name = textOf(row, column).trim()
      path.push(name)
      const id = path.map(slugOf).join('.')
      if (!seen.has(id)) yield { key: id, value: { id, name, level, parentId, path: [...path] } }
      seen.add(id)
      parentId = id
    }
    const id = digitsOf(row, 'product_class_id')
    const name = textOf(row, 'product_subcategory').trim()
    yield { key: id, value: { id, name, level: 'SUBCATEGORY', parentId, path: [...path, name] } }
  }
}

/** `Baking Goods` → `baking-goods` */
const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
