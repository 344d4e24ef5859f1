import { expect, test } from 'vitest'
import { bucketOf, nextBucket, previousBucket } from '../../../schema/emit/time-bucket.ts'

test.each([
  [
    'hour',
    '2026-03-01T23:59:59.999Z',
    '2026-03-01T23:00:00.000Z',
    '2026-03-02T00:00:00.000Z',
    '2026-03-01T22:00:00.000Z',
  ],
  ['hour', '2026-03-01', '2026-03-01T00:00:00.000Z', '2026-03-01T01:00:00.000Z', '2026-02-28T23:00:00.000Z'],
  ['day', '2024-02-28T12:00:00.000Z', '2024-02-28', '2024-02-29', '2024-02-27'],
  ['day', '2026-01-01', '2026-01-01', '2026-01-02', '2025-12-31'],
  ['month', '2026-12-31T00:00:00.000Z', '2026-12-01', '2027-01-01', '2026-11-01'],
  ['year', '2026-05-05', '2026-01-01', '2027-01-01', '2025-01-01'],
] as const)('the %s of %s is %s, between %s and %s', (bucket, value, start, ...around) => {
  expect(bucketOf(bucket, value)).toBe(start)
  expect([nextBucket(bucket, start), previousBucket(bucket, start)]).toEqual(around)
})

test('there is no bucket beyond the years that a DateTime can express', () => {
  expect([nextBucket('year', '9999-01-01'), previousBucket('day', '0000-01-01')]).toEqual([null, null])
})
