// Facts of what baskets are like, computed from the sales lines of the file.
import { expect } from 'vitest'
import { baskets, type Basket } from './baskets.ts'
import type { FactRule } from './fact-rule.ts'
import { groupedBy, roundedShare, sumOf } from './money.ts'
import { decimalText } from './source-files.ts'

const FIVE_DOLLARS = 50_000n

const valueOf = ({ lines }: Basket): bigint => sumOf(lines, (line) => line.amount)

interface Distributions {
  readonly store: {
    readonly basketSizes: { readonly nodes: readonly object[] }
    readonly basketValues: { readonly nodes: readonly object[] }
  }
}

const distributions: FactRule = {
  title: "every store's baskets by their number of lines, and by what they are worth, are those of the file",
  async check(mesh) {
    for (const [storeId, ofStore] of groupedBy(baskets(), (basket) => basket.storeId)) {
      const { store } = await mesh.query<Distributions>(
        `query ($storeId: ID!) { store(id: $storeId) {
          basketSizes(first: 100) { nodes { lines baskets revenue averageValue } }
          basketValues(first: 100) { nodes { from until baskets revenue } }
        } }`,
        { storeId },
      )
      const sizes = [...groupedBy(ofStore, ({ lines }) => String(lines.length))].map(([lines, some]) => {
        const revenue = sumOf(some, valueOf)
        return {
          lines: Number(lines),
          baskets: some.length,
          revenue: decimalText(revenue),
          averageValue: decimalText(roundedShare(revenue, BigInt(some.length), 2)),
        }
      })
      const values = [...groupedBy(ofStore, (basket) => String(valueOf(basket) / FIVE_DOLLARS))].map(
        ([fives, some]) => ({
          from: Number(fives) * 5,
          until: Number(fives) * 5 + 5,
          baskets: some.length,
          revenue: decimalText(sumOf(some, valueOf)),
        }),
      )
      expect(store.basketSizes.nodes).toEqual(sizes.toSorted((a, b) => a.lines - b.lines))
      expect(store.basketValues.nodes).toEqual(values.toSorted((a, b) => a.from - b.from))
    }
  },
}

interface Together {
  readonly lines: number
  readonly others: readonly { readonly productId: string; readonly together: number }[]
}

/** For every product: how many of its lines stand in a basket with each other one. */
function partners(): ReadonlyMap<string, { lines: number; readonly others: Map<string, number> }> {
  const found = new Map<string, { lines: number; readonly others: Map<string, number> }>()
  for (const { lines } of baskets()) {
    const ids = lines.map(({ productId }) => productId)
    for (const id of ids) {
      const own = found.get(id) ?? { lines: 0, others: new Map<string, number>() }
      found.set(id, own)
      own.lines += 1
      for (const other of new Set(ids)) if (other !== id) own.others.set(other, (own.others.get(other) ?? 0) + 1)
    }
  }
  return found
}

function topTen(own: { readonly lines: number; readonly others: ReadonlyMap<string, number> }): Together {
  const others = [...own.others]
    .toSorted(([a, often], [b, oftener]) => oftener - often || Number(a) - Number(b))
    .slice(0, 10)
    .map(([productId, together]) => ({ productId, together }))
  return { lines: own.lines, others }
}

const AT_ONCE = 50

const boughtTogether: FactRule = {
  title: 'of every product the ten that most often stand in a basket with it are those of the file',
  async check(mesh) {
    const expected = [...partners()]
    for (let at = 0; at < expected.length; at += AT_ONCE) {
      const some = expected.slice(at, at + AT_ONCE)
      const fields = some.map(
        ([id]) => `p${id}: product(id: "${id}") { boughtTogether { lines others { productId together } } }`,
      )
      const found = await mesh.query<Record<string, { boughtTogether: Together }>>(`{ ${fields.join(' ')} }`)
      const tops = some.map(([id]) => [id, found[`p${id}`]?.boughtTogether])
      expect(tops).toEqual(some.map(([id, own]) => [id, topTen(own)]))
    }
  },
}

export const basketFacts: readonly FactRule[] = [distributions, boughtTogether]
