// FoodMart's calendar: which day a `time_id` is.
import { digitsOf, foodmartRows, textOf } from './foodmart-rows.ts'

/** `371` → `1997-01-05`. */
export async function foodmartDays(): Promise<ReadonlyMap<string, string>> {
  const days = new Map<string, string>()
  for await (const row of foodmartRows('time_by_day')) {
    days.set(digitsOf(row, 'time_id'), textOf(row, 'the_date').slice(0, 10))
  }
  return days
}
