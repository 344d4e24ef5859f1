// Facts of the domain customers: regions, and what customers bought.
import { expect } from 'vitest'
import type { FactRule } from './fact-rule.ts'
import { segmentFacts } from './segment-facts.ts'
import { foodmartTable } from './source-files.ts'

interface RegionRow {
  readonly region_id: number
  readonly sales_city: string
  readonly sales_district: string
  readonly sales_region: string
  readonly sales_country: string
}

interface RegionNode {
  readonly id: string
  readonly city: string
  readonly district: string
  readonly salesRegion: string
}

const regionsOfCountries: FactRule = {
  title: 'the regions of every country are those of the file',
  async check(mesh) {
    const rows = foodmartTable<RegionRow>('region')
    const countries = [...new Set(rows.map((row) => row.sales_country))]
    for (const country of countries) {
      const { regionsOfCountry } = await mesh.query<{ regionsOfCountry: { nodes: readonly RegionNode[] } }>(
        `query ($country: String!) { regionsOfCountry(country: $country) { nodes { id city district salesRegion } } }`,
        { country },
      )
      const expected = rows.flatMap((row): RegionNode[] =>
        row.sales_country === country
          ? [
              {
                id: String(row.region_id),
                city: row.sales_city,
                district: row.sales_district,
                salesRegion: row.sales_region,
              },
            ]
          : [],
      )
      expect(byId(regionsOfCountry.nodes)).toEqual(byId(expected))
    }
  },
}

const customersInTheirRegions: FactRule = {
  title: 'every 128th customer lies in the region of the file, which is of the same city and country',
  async check(mesh) {
    const rows = foodmartTable<{ readonly customer_id: number; readonly customer_region_id: number }>('customer')
    const some = rows.filter((_, index) => index % 128 === 0)
    const fields = some.map(
      ({ customer_id: id }) => `c${id}: customer(id: "${id}") { city country region { id city country } }`,
    )
    interface Found {
      readonly city: string
      readonly country: string
      readonly region: { readonly id: string; readonly city: string; readonly country: string }
    }
    const found = await mesh.query<Record<string, Found>>(`{ ${fields.join(' ')} }`)
    for (const { customer_id: id, customer_region_id: region } of some) {
      const { city, country, region: of } = found[`c${id}`] ?? { city: '', country: '', region: null }
      expect({ city, country, region: of }).toEqual({ city, country, region: { id: String(region), city, country } })
    }
  },
}

const byId = <Node extends { readonly id: string }>(nodes: readonly Node[]): readonly Node[] =>
  nodes.toSorted((a, b) => a.id.localeCompare(b.id))

/** Of what is loaded, not what is derived. */
export const regionFacts: readonly FactRule[] = [regionsOfCountries, customersInTheirRegions]

export const customersFacts: readonly FactRule[] = [...regionFacts, ...segmentFacts]
