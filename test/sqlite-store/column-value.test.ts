// Which values a column takes as they are.
import { expect, test } from 'vitest'
import { canonicalValue } from '../../platform/column-value.ts'

test('takes exactly the times that are written as the row form writes them', () => {
  const times: readonly [text: string, taken: boolean][] = [
    ['2024-02-29T23:59:59.999Z', true],
    ['2023-02-28T00:00:00.000Z', true],
    ['2023-02-29T00:00:00.000Z', false],
    ['2023-04-31T00:00:00.000Z', false],
    ['2023-12-31T00:00:00.000Z', true],
    ['2023-13-01T00:00:00.000Z', false],
    ['2023-00-10T00:00:00.000Z', false],
    ['2023-01-00T00:00:00.000Z', false],
    ['2023-01-01T24:00:00.000Z', false],
    ['2023-01-01T23:60:00.000Z', false],
    ['2023-01-01T23:00:60.000Z', false],
    ['2023-01-01T23:00:00.00Z', false],
    ['2023-01-01T23:00:00Z', false],
    ['2023-01-01T23:00:00.000+00:00', false],
    ['+010000-01-01T00:00:00.000Z', true],
    ['-000001-12-31T00:00:00.000Z', true],
    ['0000-01-01T00:00:00.000Z', true],
  ]
  for (const [text, taken] of times)
    expect([text, canonicalValue('timestamp', text)]).toEqual([text, taken ? text : undefined])
})
