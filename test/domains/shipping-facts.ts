// Facts of the domain shipping: shipments, how late they were, and the weather they set out in.
import { expect } from 'vitest'
import { allPages, type Connection } from './all-pages.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { foodmartTable, sourceLines } from './source-files.ts'
import { delayFacts } from './delay-facts.ts'

interface InventoryLine {
  readonly product_id: number
  readonly time_id: number
  readonly warehouse_id: number
  readonly store_id: number
  readonly units_ordered: number
  readonly units_shipped: number
  readonly supply_time: number
}

interface WeatherLine {
  readonly precipitation: string
  readonly wind: string
  readonly weather: string
}

const dayOf = new Map(
  foodmartTable<{ readonly time_id: number; readonly the_date: string }>('time_by_day').map((day) => [
    day.time_id,
    day.the_date.slice(0, 10),
  ]),
)
const inventoryLines = foodmartTable<InventoryLine>('inventory_fact_1997').map((line) => ({
  ...line,
  day: dayOf.get(line.time_id) ?? '',
}))

/** By the day as measured: 2013 is the mesh's 1997. */
const weatherLines = new Map(
  sourceLines('weather/seattle-weather.csv.gz')
    .slice(1)
    .map((line): [string, WeatherLine] => {
      const [day = '', precipitation = '', , , wind = '', weather = ''] = line.split(',')
      return [day, { precipitation, wind, weather }]
    }),
)
const weatherOf = (day: string): WeatherLine => {
  const line = weatherLines.get(day.replace('1997', '2013'))
  if (line === undefined) throw new Error(`no weather of ${day}`)
  return line
}

const daysLater = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)

const PAGE = 'pageInfo { hasNextPage endCursor }'

interface Shipment {
  readonly id: string
}

const shipmentsOf = (mesh: AskedMesh, warehouseId: string): Promise<readonly Shipment[]> =>
  allPages(async (after) => {
    const { warehouse } = await mesh.query<{ warehouse: { shipments: Connection<Shipment> } }>(
      `query Shipments($id: ID!, $after: String) { warehouse(id: $id) { shipments(first: 1000, after: $after) {
        nodes { id storeId shippedOn unitsOrdered unitsShipped unitsMissing supplyDays expectedOn arrivedOn daysLate punctuality
          weather { measuredOn kind } } ${PAGE}
      } } }`,
      { id: warehouseId, after },
    )
    return warehouse.shipments
  })

const byId = (a: Shipment, b: Shipment): number => (a.id < b.id ? -1 : 1)

const shipments: FactRule = {
  title:
    "every warehouse's shipments are the rows of the file, expected after three days, late after that, in the weather of their day",
  async check(mesh) {
    for (const warehouseId of new Set(inventoryLines.map((line) => line.warehouse_id))) {
      const expected = inventoryLines
        .filter((line) => line.warehouse_id === warehouseId)
        .map((line) => ({
          id: `${line.product_id}-${line.warehouse_id}-${line.store_id}-${line.day.replaceAll('-', '')}`,
          storeId: String(line.store_id),
          shippedOn: line.day,
          unitsOrdered: line.units_ordered,
          unitsShipped: line.units_shipped,
          unitsMissing: line.units_ordered - line.units_shipped,
          supplyDays: line.supply_time,
          expectedOn: daysLater(line.day, 3),
          arrivedOn: daysLater(line.day, line.supply_time),
          daysLate: Math.max(0, line.supply_time - 3),
          punctuality: line.supply_time > 3 ? 'LATE' : 'ON_TIME',
          weather: { measuredOn: line.day.replace('1997', '2013'), kind: weatherOf(line.day).weather.toUpperCase() },
        }))
      const found = await shipmentsOf(mesh, String(warehouseId))
      expect(found.toSorted(byId)).toEqual(expected.toSorted(byId))
    }
  },
}

interface LateShipment {
  readonly shippedOn: string
  readonly daysLate: number
  readonly weather: { readonly kind: string }
}

const lateShipments: FactRule = {
  title: 'the late shipments of the year are 758, newest first, and each says what the weather was',
  async check(mesh) {
    const found = await allPages(async (after) => {
      const answer = await mesh.query<{ shipments: Connection<LateShipment> }>(
        `query Late($after: String) { shipments(from: "1997-01-01", until: "1998-01-01", first: 1000, after: $after) {
          nodes { shippedOn daysLate weather { kind } } ${PAGE} } }`,
        { after },
      )
      return answer.shipments
    })
    const late = inventoryLines.filter((line) => line.supply_time > 3)
    expect([found.length, late.length]).toEqual([758, 758])
    expect(found.map(({ shippedOn }) => shippedOn)).toEqual(
      late
        .map(({ day }) => day)
        .toSorted()
        .toReversed(),
    )
    const kinds = (of: readonly string[]) =>
      Object.fromEntries([...new Set(of)].toSorted().map((kind) => [kind, of.filter((each) => each === kind).length]))
    expect(kinds(found.map(({ weather }) => weather.kind))).toEqual(
      kinds(late.map(({ day }) => weatherOf(day).weather.toUpperCase())),
    )
  },
}

const latestOfWarehouse: FactRule = {
  title: "a warehouse's late shipments come the latest first",
  async check(mesh) {
    const { warehouse } = await mesh.query<{ warehouse: { shipmentsByDelay: Connection<{ daysLate: number }> } }>(
      `{ warehouse(id: "2") { shipmentsByDelay(first: 100) { nodes { daysLate } ${PAGE} } } }`,
    )
    const expected = inventoryLines
      .filter((line) => line.warehouse_id === 2 && line.supply_time > 3)
      .map((line) => line.supply_time - 3)
      .toSorted((a, b) => b - a)
    expect(warehouse.shipmentsByDelay.nodes.map(({ daysLate }) => daysLate)).toEqual(expected)
  },
}

const weather: FactRule = {
  title: 'every day of 1996 to 1999 has the weather measured sixteen years after it, leap days too',
  async check(mesh) {
    const days = [...weatherLines.keys()]
    expect(days.length).toBe(1_461)
    const batch = 50
    for (let at = 0; at < days.length; at += batch) {
      const asked = days
        .slice(at, at + batch)
        .map((day) => ({ day, moved: `${Number(day.slice(0, 4)) - 16}${day.slice(4)}` }))
      const fields = asked.map(
        ({ moved }, index) => `d${index}: weatherDay(day: "${moved}") { measuredOn kind wind precipitation }`,
      )
      const found = await mesh.query<Record<string, unknown>>(`{ ${fields.join(' ')} }`)
      const expected = asked.map(({ day }) => {
        const line = weatherLines.get(day)
        return {
          measuredOn: day,
          kind: line?.weather.toUpperCase(),
          wind: Number(line?.wind),
          precipitation: Number(line?.precipitation),
        }
      })
      const numbers = Object.values(found).map((each) => {
        const { wind, precipitation, ...others } = each as { readonly wind: string; readonly precipitation: string }
        return { ...others, wind: Number(wind), precipitation: Number(precipitation) }
      })
      expect(numbers).toEqual(expected)
    }
    const none = await mesh.query<{ weatherDay: unknown }>('{ weatherDay(day: "2000-01-01") { kind } }')
    expect(none.weatherDay).toBeNull()
  },
}

export const shippingFacts: readonly FactRule[] = [shipments, lateShipments, latestOfWarehouse, weather, ...delayFacts]
