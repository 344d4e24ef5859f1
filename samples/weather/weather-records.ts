// Records of shipping.weather: Seattle's weather of 2012 to 2015 as it stands in the file, day by day, told of the years 1996 to 1999: moved
// by sixteen whole years. 2012 and 1996 are the leap years of both spans, so that every day has its place, February 29 too.
import { gzipLines } from '../gzip-lines.ts'
import type { SampleRecord } from '../sample-load.ts'

export const weatherFile = new URL('seattle-weather.csv.gz', import.meta.url)

/** 2013 becomes 1997, the year of FoodMart's books. */
const YEARS_MOVED = 16

const movedDay = (day: string): string => `${Number(day.slice(0, 4)) - YEARS_MOVED}${day.slice(4)}`

export async function* weatherRecords(): AsyncGenerator<SampleRecord> {
  let columns: readonly string[] | null = null
  for await (const line of gzipLines(weatherFile)) {
    const cells = line.split(',')
    if (columns === null) {
      columns = cells
      continue
    }
    const row: Record<string, string> = Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? '']))
    const day = movedDay(row['date'] ?? '')
    yield { key: day, value: { day, ...row } }
  }
}
