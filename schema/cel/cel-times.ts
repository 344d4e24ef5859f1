// Begins of hours, days, months and years, equal to the buckets of a table's key, and days between two times. All in UTC.
import type { Environment } from '@marcbachmann/cel-js'

const SYNC = { async: false }
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

const multipleBelow = (time: Date, unitMs: number): Date => new Date(Math.floor(time.getTime() / unitMs) * unitMs)

function monthOf(time: Date): Date {
  const day = multipleBelow(time, DAY_MS)
  day.setUTCDate(1)
  return day
}

function yearOf(time: Date): Date {
  const day = monthOf(time)
  day.setUTCMonth(0)
  return day
}

export function registerTimeFunctions(environment: Environment): void {
  const time = 'google.protobuf.Timestamp'
  environment.registerFunction(`hour(${time}): ${time}`, (value: Date) => multipleBelow(value, HOUR_MS), SYNC)
  environment.registerFunction(`day(${time}): ${time}`, (value: Date) => multipleBelow(value, DAY_MS), SYNC)
  environment.registerFunction(`month(${time}): ${time}`, monthOf, SYNC)
  environment.registerFunction(`year(${time}): ${time}`, yearOf, SYNC)
  environment.registerFunction(
    `daysBetween(${time}, ${time}): int`,
    (from: Date, to: Date) => BigInt(Math.floor(to.getTime() / DAY_MS) - Math.floor(from.getTime() / DAY_MS)),
    SYNC,
  )
}
