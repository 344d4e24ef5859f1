// Time buckets of partition keys, in UTC: ingest computes the bucket of a row, reads walk from bucket to bucket.
// A bucket is its start in row representation: a DateTime for hours, a Date for days, months and years.
import type { TimeBucket } from '../model.ts'

/** The bucket of a DateTime or Date in row representation. */
export function bucketOf(bucket: TimeBucket, value: string): string {
  switch (bucket) {
    case 'hour':
      return value.length === 10 ? `${value}T00:00:00.000Z` : `${value.slice(0, 13)}:00:00.000Z`
    case 'day':
      return value.slice(0, 10)
    case 'month':
      return `${value.slice(0, 7)}-01`
    case 'year':
      return `${value.slice(0, 4)}-01-01`
  }
}

/** The bucket `steps` after (negative: before) one; null beyond the years 0 to 9999, which a DateTime cannot express. */
function bucketAt(bucket: TimeBucket, start: string, steps: number): string | null {
  const time = new Date(start)
  switch (bucket) {
    case 'hour':
      time.setUTCHours(time.getUTCHours() + steps)
      break
    case 'day':
      time.setUTCDate(time.getUTCDate() + steps)
      break
    case 'month':
      time.setUTCMonth(time.getUTCMonth() + steps)
      break
    case 'year':
      time.setUTCFullYear(time.getUTCFullYear() + steps)
      break
  }
  const year = time.getUTCFullYear()
  return year >= 0 && year <= 9999 ? bucketOf(bucket, time.toISOString()) : null
}

export const nextBucket = (bucket: TimeBucket, start: string): string | null => bucketAt(bucket, start, 1)
export const previousBucket = (bucket: TimeBucket, start: string): string | null => bucketAt(bucket, start, -1)
