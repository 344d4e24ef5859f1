// Facts of shipping/delays and shipping/weather-delays, computed from the inventory rows and the weather of their days.
import { expect } from 'vitest'
import type { Connection } from './all-pages.ts'
import type { FactRule } from './fact-rule.ts'
import { foodmartTable, sourceLines } from './source-files.ts'

interface InventoryLine {
  readonly time_id: number
  readonly warehouse_id: number
  readonly units_ordered: number
  readonly units_shipped: number
  readonly supply_time: number
}

const dayOf = new Map(
  foodmartTable<{ readonly time_id: number; readonly the_date: string }>('time_by_day').map((day) => [
    day.time_id,
    day.the_date.slice(0, 10),
  ]),
)

interface Line {
  readonly day: string
  readonly warehouseId: string
  readonly ordered: number
  readonly shipped: number
  readonly days: number
  readonly late: boolean
}

const lines: readonly Line[] = foodmartTable<InventoryLine>('inventory_fact_1997').map((line) => ({
  day: dayOf.get(line.time_id) ?? '',
  warehouseId: String(line.warehouse_id),
  ordered: line.units_ordered,
  shipped: line.units_shipped,
  days: line.supply_time,
  late: line.supply_time > 3,
}))

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const average = (numbers: readonly number[]): number | null =>
  numbers.length === 0 ? null : sum(numbers) / numbers.length

const monthOf = (of: readonly Line[]) => {
  const late = of.filter((line) => line.late)
  const [ordered, shipped] = [sum(of.map((line) => line.ordered)), sum(of.map((line) => line.shipped))]
  return {
    shipments: of.length,
    late: late.length,
    lateShare: late.length / of.length,
    averageSupplyDays: average(of.map((line) => line.days)),
    averageDaysLate: average(late.map((line) => line.days - 3)),
    maxDaysLate: Math.max(0, ...late.map((line) => line.days - 3)),
    unitsOrdered: ordered,
    unitsShipped: shipped,
    fillRate: ordered === 0 ? null : shipped / ordered,
  }
}

const DELAY_FIELDS = `month shipments late lateShare averageSupplyDays averageDaysLate maxDaysLate unitsOrdered unitsShipped fillRate`

const delays: FactRule = {
  title:
    "every warehouse's months have the shipments, the late ones, the average and greatest delay, and the fill rate of the file",
  async check(mesh) {
    for (const [warehouseId, ofWarehouse] of Map.groupBy(lines, (line) => line.warehouseId)) {
      const months = [...Map.groupBy(ofWarehouse, (line) => `${line.day.slice(0, 7)}-01`)]
      const expected = months.map(([month, of]) => ({ month, ...monthOf(of) }))
      const { warehouse } = await mesh.query<{ warehouse: { delays: Connection<unknown> } }>(
        `query Delays($id: ID!) { warehouse(id: $id) { delays(first: 100) { nodes { ${DELAY_FIELDS} } } } }`,
        { id: warehouseId },
      )
      expect(warehouse.delays.nodes).toEqual(expected.toSorted((a, b) => (a.month < b.month ? -1 : 1)))
    }
  },
}

const worstOfMonth: FactRule = {
  title: 'in a month, the warehouse with most late shipments comes first',
  async check(mesh) {
    const { shippingDelays } = await mesh.query<{ shippingDelays: Connection<{ warehouseId: string; late: number }> }>(
      '{ shippingDelays(month: "1997-09-01", first: 100) { nodes { warehouseId late } } }',
    )
    const september = Map.groupBy(
      lines.filter((line) => line.day.startsWith('1997-09')),
      (line) => line.warehouseId,
    )
    const expected = [...september].map(([warehouseId, of]) => ({
      warehouseId,
      late: of.filter((line) => line.late).length,
    }))
    expect(shippingDelays.nodes).toEqual(
      expected.toSorted((a, b) => b.late - a.late || (a.warehouseId < b.warehouseId ? -1 : 1)),
    )
  },
}

/** By the mesh's day: the weather measured sixteen years later. */
const weather = new Map(
  sourceLines('weather/seattle-weather.csv.gz')
    .slice(1)
    .map((line): [string, Readonly<Record<string, boolean>>] => {
      const [day = '', precipitation = '', , , wind = '', kind = ''] = line.split(',')
      const moved = `${Number(day.slice(0, 4)) - 16}${day.slice(4)}`
      const snow = kind === 'snow'
      return [moved, { RAIN: Number(precipitation) > 0 && !snow, SNOW: snow, WIND: Number(wind) >= 5 }]
    }),
)

function influenceOf(of: readonly Line[], factor: string) {
  const inIt = of.filter((line) => weather.get(line.day)?.[factor] === true)
  const notInIt = of.filter((line) => weather.get(line.day)?.[factor] !== true)
  const [lateWith, lateWithout] = [inIt, notInIt].map((some) => some.filter((line) => line.late).length) as [
    number,
    number,
  ]
  const [a, b, c, d] = [lateWith, inIt.length - lateWith, lateWithout, notInIt.length - lateWithout]
  const [late, onTime] = [a + c, b + d]
  const product = inIt.length * notInIt.length * late * onTime
  const chiSquare = product === 0 ? null : (of.length * (a * d - b * c) ** 2) / product
  const shareWith = inIt.length === 0 ? null : a / inIt.length
  const shareWithout = notInIt.length === 0 ? null : c / notInIt.length
  const difference = shareWith === null || shareWithout === null ? null : shareWith - shareWithout
  const rarest = (Math.min(inIt.length, notInIt.length) * Math.min(late, onTime)) / of.length
  return {
    factor,
    shipmentsWith: inIt.length,
    lateWith,
    shipmentsWithout: notInIt.length,
    lateWithout,
    lateShareWith: shareWith,
    lateShareWithout: shareWithout,
    difference,
    chiSquare: chiSquare === null ? null : expect.closeTo(chiSquare, 9),
    enoughShipments: rarest >= 5,
    explainsLateness: rarest >= 5 ? (chiSquare ?? 0) >= 3.841 && (difference ?? 0) > 0 : null,
  }
}

const FACTORS = ['RAIN', 'SNOW', 'WIND']
const INFLUENCE_FIELDS = `factor shipmentsWith lateWith shipmentsWithout lateWithout lateShareWith lateShareWithout difference
  chiSquare enoughShipments explainsLateness`

const weatherDelays: FactRule = {
  title: 'whether rain, snow or wind explains late shipments is told for each warehouse, from the four counts',
  async check(mesh) {
    for (const [warehouseId, of] of Map.groupBy(lines, (line) => line.warehouseId)) {
      const { warehouse } = await mesh.query<{ warehouse: { weatherDelays: Connection<unknown> } }>(
        `query Weather($id: ID!) { warehouse(id: $id) { weatherDelays { nodes { ${INFLUENCE_FIELDS} } } } }`,
        { id: warehouseId },
      )
      expect(warehouse.weatherDelays.nodes).toEqual(FACTORS.map((factor) => influenceOf(of, factor)))
    }
  },
}

const weatherInfluence: FactRule = {
  title: 'whether the weather explains late shipments is told for each state and for all, and it does not',
  async check(mesh) {
    const states = new Map(
      foodmartTable<{ readonly warehouse_id: number; readonly warehouse_state_province: string }>('warehouse').map(
        (warehouse) => [String(warehouse.warehouse_id), warehouse.warehouse_state_province],
      ),
    )
    for (const region of ['ALL', 'CA', 'OR', 'WA']) {
      const of = region === 'ALL' ? lines : lines.filter((line) => states.get(line.warehouseId) === region)
      const { weatherInfluence: found } = await mesh.query<{ weatherInfluence: Connection<unknown> }>(
        `query Influence($region: ID!) { weatherInfluence(region: $region) { nodes { ${INFLUENCE_FIELDS} } } }`,
        { region },
      )
      expect(found.nodes).toEqual(FACTORS.map((factor) => influenceOf(of, factor)))
    }
    const rain = influenceOf(lines, 'RAIN')
    expect([rain.shipmentsWith, rain.lateWith, rain.shipmentsWithout, rain.lateWithout]).toEqual([
      1_698, 310, 2_372, 448,
    ])
  },
}

export const delayFacts: readonly FactRule[] = [delays, worstOfMonth, weatherDelays, weatherInfluence]
