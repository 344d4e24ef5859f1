// Lines of the files that the sample is made from, for facts that are computed from them and share nothing else with the sample or the folds.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** A file below `samples/`, e.g. `foodmart/store.ndjson.gz`, unzipped where it is zipped. */
export function sourceLines(path: string): readonly string[] {
  const bytes = readFileSync(new URL(`../../samples/${path}`, import.meta.url))
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').filter((line) => line !== '')
}

/** Rows of one of FoodMart's tables. Numbers are floats: for money, read the line's own digits with `tenThousandths`. */
export function foodmartTable<Row>(table: string): readonly Row[] {
  return sourceLines(`foodmart/${table}.ndjson.gz`).map((line) => JSON.parse(line) as Row)
}

/** The digits of a number in a line, as units of its fourth decimal: `"store_cost":0.5100` → 5100n. FoodMart's money has four at most. */
export function tenThousandths(line: string, column: string): bigint {
  const [, sign = '', whole = '', fraction = ''] =
    new RegExp(`"${column}":(-?)(\\d+)(?:\\.(\\d{1,4}))?[,}]`).exec(line) ?? []
  if (whole === '') throw new Error(`no amount ${column} in ${line}`)
  return BigInt(`${sign}${whole}${fraction.padEnd(4, '0')}`)
}

/** 5100n → `0.51`: as a Decimal of the mesh is written. */
export function decimalText(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(5, '0')
  const text = `${digits.slice(0, -4)}.${digits.slice(-4)}`.replace(/\.?0+$/, '')
  return units < 0n ? `-${text}` : text
}
