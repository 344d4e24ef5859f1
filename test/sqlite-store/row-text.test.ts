// Rows on their way to the writing thread.
import { expect, test } from 'vitest'
import { canonicalValue } from '../../platform/column-value.ts'
import { parseRow, parseScalars, rowText } from '../../platform/adapters/sqlite/row-text.ts'
import type { Row } from '../../schema/row.ts'

const JSON_COLUMNS = new Set(['lines', 'tags'])

test('a row comes back from its text, and without its JSON columns from the text before them', () => {
  const named = JSON.parse('{"__proto__":"a column","id":"ä \\"}"}') as Row
  const cases: readonly [row: Row, scalars: Row][] = [
    [
      { id: '1', rank: 2 },
      { id: '1', rank: 2 },
    ],
    [{ lines: [{ at: '}' }], id: '1', tags: {} }, { id: '1' }],
    [
      { id: '1', lines: null, tags: 'x' },
      { id: '1', lines: null },
    ],
    [{ lines: [], tags: [1] }, {}],
    [{}, {}],
    [named, named],
  ]
  for (const [row, scalars] of cases) {
    const sent = rowText(row, JSON_COLUMNS)
    expect(parseRow(sent.text)).toEqual(row)
    expect(parseScalars(sent)).toEqual(scalars)
  }
  expect(Object.keys(parseRow(rowText(named, JSON_COLUMNS).text))).toEqual(['__proto__', 'id'])
})

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
