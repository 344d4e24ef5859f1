// Facts of the domain inventory: warehouses, what came to them, and how long it lasts.
import { expect } from 'vitest'
import { allPages, type Connection } from './all-pages.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { decimalText, foodmartTable, sourceLines, tenThousandths } from './source-files.ts'
import { stockFacts } from './stock-facts.ts'

interface MovementLine {
  readonly product_id: number
  readonly time_id: number
  readonly warehouse_id: number
  readonly store_id: number
  readonly units_ordered: number
  readonly units_shipped: number
  readonly supply_time: number
}

interface WarehouseLine {
  readonly warehouse_id: number
  readonly warehouse_class_id: number
  readonly stores_id: number
  readonly warehouse_name: string
}

const movementLines = sourceLines('foodmart/inventory_fact_1997.ndjson.gz')
const warehouseLines = foodmartTable<WarehouseLine>('warehouse')
const dayOf = new Map(
  foodmartTable<{ readonly time_id: number; readonly the_date: string }>('time_by_day').map((day) => [
    day.time_id,
    day.the_date.slice(0, 10),
  ]),
)

/** What is asked of a movement. */
interface Movement {
  readonly id: string
  readonly productId: string
  readonly warehouseId: string
  readonly storeId: string
  readonly bookedOn: string
  readonly unitsOrdered: number
  readonly unitsShipped: number
  readonly warehouseSales: string
  readonly warehouseCost: string
  readonly storeInvoice: string
  readonly supplyDays: number
}

function movementOf(line: string): Movement {
  const row = JSON.parse(line) as MovementLine
  const bookedOn = dayOf.get(row.time_id) ?? ''
  return {
    id: `${row.product_id}-${row.warehouse_id}-${row.store_id}-${bookedOn.replaceAll('-', '')}`,
    productId: String(row.product_id),
    warehouseId: String(row.warehouse_id),
    storeId: String(row.store_id),
    bookedOn,
    unitsOrdered: row.units_ordered,
    unitsShipped: row.units_shipped,
    warehouseSales: decimalText(tenThousandths(line, 'warehouse_sales')),
    warehouseCost: decimalText(tenThousandths(line, 'warehouse_cost')),
    storeInvoice: decimalText(tenThousandths(line, 'store_invoice')),
    supplyDays: row.supply_time,
  }
}

const PAGE = 'pageInfo { hasNextPage endCursor }'

const movementsOf = (mesh: AskedMesh, warehouseId: string): Promise<readonly Movement[]> =>
  allPages(async (after) => {
    const { warehouse } = await mesh.query<{ warehouse: { movements: Connection<Movement> } }>(
      `query Movements($id: ID!, $after: String) { warehouse(id: $id) { movements(first: 1000, after: $after) {
        nodes { id productId warehouseId storeId bookedOn unitsOrdered unitsShipped warehouseSales warehouseCost storeInvoice supplyDays } ${PAGE}
      } } }`,
      { id: warehouseId, after },
    )
    return warehouse.movements
  })

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1)

const movements: FactRule = {
  title: "every warehouse's movements are the rows of the file, each with its units, days and exact amounts",
  async check(mesh) {
    const expected = movementLines.map(movementOf)
    expect(new Set(expected.map(({ id }) => id)).size).toBe(4_070)
    for (const { warehouse_id: id } of warehouseLines) {
      const own = expected.filter(({ warehouseId }) => warehouseId === String(id))
      const found = await movementsOf(mesh, String(id))
      expect(found.map(({ bookedOn }) => bookedOn)).toEqual(
        found
          .map(({ bookedOn }) => bookedOn)
          .toSorted()
          .toReversed(),
      )
      expect(found.toSorted(byId)).toEqual(own.toSorted(byId))
    }
  },
}

const warehouses: FactRule = {
  title: 'the warehouses are those of the file, each with its class and its store',
  async check(mesh) {
    const classes = new Map(
      foodmartTable<{ readonly warehouse_class_id: number; readonly description: string }>('warehouse_class').map(
        (each) => [each.warehouse_class_id, each.description],
      ),
    )
    interface Warehouse {
      readonly id: string
    }
    const found = await allPages(async (after) => {
      const answer = await mesh.query<{ warehouses: Connection<Warehouse> }>(
        `query Warehouses($after: String) { warehouses(first: 10, after: $after) { nodes { id name storeId class { description } } ${PAGE} } }`,
        { after },
      )
      return answer.warehouses
    })
    const expected = warehouseLines.map((line) => ({
      id: String(line.warehouse_id),
      name: line.warehouse_name,
      storeId: String(line.stores_id),
      class: { description: classes.get(line.warehouse_class_id) },
    }))
    expect(found.toSorted(byId)).toEqual(expected.toSorted(byId))
  },
}

const supplyPlans: FactRule = {
  title: 'the days that are averaged are the last 28 of both the sales and the movements',
  async check(mesh) {
    const lastDayOf = (table: string): string =>
      foodmartTable<{ readonly time_id: number }>(table).reduce((last, { time_id: time }) => {
        const day = dayOf.get(time) ?? ''
        return day > last ? day : last
      }, '')
    interface SupplyPlan {
      readonly averageFrom: string
      readonly averageUntil: string
      readonly averageDays: number
      readonly warehouseId: string
    }
    const { store, headquarters } = await mesh.query<{
      store: { supplyPlan: SupplyPlan }
      headquarters: { supplyPlan: null }
    }>(`{
      store(id: "13") { supplyPlan { warehouseId averageFrom averageUntil averageDays } }
      headquarters: store(id: "0") { supplyPlan { warehouseId } }
    }`)
    const { supplyPlan } = store
    const dayBefore = new Date(Date.parse(supplyPlan.averageUntil) - 86_400_000).toISOString().slice(0, 10)
    expect([lastDayOf('sales_fact_1997'), lastDayOf('inventory_fact_1997')]).toEqual([dayBefore, dayBefore])
    const averaged = (Date.parse(supplyPlan.averageUntil) - Date.parse(supplyPlan.averageFrom)) / 86_400_000
    expect([averaged, supplyPlan.averageDays, supplyPlan.warehouseId]).toEqual([28, 28, '13'])
    expect(headquarters.supplyPlan).toBeNull()
  },
}

const movementsOfProduct: FactRule = {
  title: 'the ten products that came most often have as many movements as in the file',
  async check(mesh) {
    const counts = new Map<string, number>()
    for (const line of movementLines) {
      const { productId } = movementOf(line)
      counts.set(productId, (counts.get(productId) ?? 0) + 1)
    }
    const top = [...counts].toSorted(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1)).slice(0, 10)
    for (const [id, count] of top) {
      const { product } = await mesh.query<{ product: { movements: Connection<{ productId: string }> } }>(
        `query Product($id: ID!) { product(id: $id) { movements(first: 100) { nodes { productId } ${PAGE} } } }`,
        { id },
      )
      expect(product.movements.nodes.map((node) => node.productId)).toEqual(Array.from({ length: count }, () => id))
    }
  },
}

/** Of what is loaded, not what is derived. */
export const movementFacts: readonly FactRule[] = [warehouses, movements, movementsOfProduct, supplyPlans]

export const inventoryFacts: readonly FactRule[] = [...movementFacts, ...stockFacts]
