// Holds the products that are to be ingested against the versions whose rows are there, and keeps them in the topic `mesh.products`: a change
// that the rows do not go with is refused before anything is written by it.
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import type { EventLog } from '../platform/ports/event-log.ts'
import type { Store } from '../platform/ports/store.ts'
import { contractChanges } from '../schema/contract-changes.ts'
import type { Product } from '../schema/model.ts'
import { contractOf, type ProductContract } from '../schema/product-contract.ts'
import { isRowVisible } from '../schema/row-visibility.ts'
import type { IngestLogger } from './ingest-logger.ts'
import { lastValue, PRODUCTS_TOPIC, putValue } from './internal-topics.ts'

interface Ports {
  readonly log: EventLog
  readonly store: Store
  readonly logger?: IngestLogger
}

/** PRODUCT_CHANGE_REFUSED with every problem of every product. Nothing is changed. */
export async function checkProductChanges(products: readonly Product[], ports: Ports): Promise<void> {
  const problems: string[] = []
  for (const product of products) {
    const name = nameOf(product)
    const before = (await lastValue(ports.log, PRODUCTS_TOPIC, name)) as ProductContract | null
    if (before === null) continue
    const { refusals, required } = contractChanges(before, contractOf(product))
    const lacking: string[] = []
    for (const column of required) if (await someRowLacks(column, ports)) lacking.push(requiredProblem(column))
    const all = [...refusals, ...lacking]
    if (all.length === 0) continue
    problems.push(
      `${name} ${product.version} does not go with the rows of ${before.version}:`,
      ...all.map((problem) => `  - ${problem}`),
      `  Change it as said; or give the entity's tables other names and fill them by \`meshgate replay ${name} --from earliest\`.`,
    )
  }
  if (problems.length > 0) throw new MeshgateError('PRODUCT_CHANGE_REFUSED', problems.join('\n'))
}

/** Once the store has their tables. */
export async function keepProducts(products: readonly Product[], { log }: Pick<Ports, 'log'>): Promise<void> {
  for (const product of products) {
    const contract = contractOf(product)
    const kept = await lastValue(log, PRODUCTS_TOPIC, nameOf(product))
    if (JSON.stringify(kept) !== JSON.stringify(contract))
      await putValue(log, PRODUCTS_TOPIC, nameOf(product), contract)
  }
}

interface RequiredColumn {
  readonly entity: string
  readonly base: string
  readonly column: string
}

/** Looks at every row: the change comes once, and a query that meets such a row would fail. */
async function someRowLacks({ entity, base, column }: RequiredColumn, { store, logger }: Ports): Promise<boolean> {
  logger?.info({ entity, column }, 'a field is required from now on: looking whether every row has one')
  for (let after = {}; ;) {
    const request = { limit: limits.pageRowsMax, ...(Object.keys(after).length === 0 ? {} : { after }) }
    const page = await store.scan(base, request)
    for (const row of page.rows) if (isRowVisible(row) && (row[column] ?? null) === null) return true
    const last = page.rows.at(-1)
    if (last === undefined || !page.more) return false
    after = last
  }
}

function requiredProblem({ entity, column }: RequiredColumn): string {
  return `${entity}.${column} would be required, and rows have none: leave it optional, or replay the product so that they get one.`
}

function nameOf(product: Product): string {
  return `${product.domain}/${product.name}`
}
