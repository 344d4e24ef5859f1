// The functions that expressions have besides CEL's own, as docs/product-language.md tells them. A test runs every example.

export interface CelFunctionEntry {
  /** Numbers are `int`, `double` or `Decimal`; DateTime and Date are both CEL's Timestamp. */
  readonly signature: string
  readonly meaning: string
  readonly example: string
  /** A cell: a Decimal, a DateTime and an int are texts. */
  readonly gives: string | number | null
}

const numbers = 'of ints, doubles or Decimals'

export const CEL_FUNCTIONS: readonly CelFunctionEntry[] = [
  {
    signature: 'hour(t), day(t), month(t), year(t)',
    meaning:
      'The begin of it, in UTC, as the time buckets of @table have it: hour fills a DateTime, the others a Date or a DateTime.',
    example: 'month(timestamp("2024-02-29T13:45:00Z"))',
    gives: '2024-02-01T00:00:00.000Z',
  },
  {
    signature: 'daysBetween(from, to): int',
    meaning: 'Days of the calendar in UTC: how often midnight passes. Negative where `to` is before `from`.',
    example: 'daysBetween(timestamp("2024-02-28T23:59:00Z"), timestamp("2024-03-01T00:00:00Z"))',
    gives: '2',
  },
  {
    signature: 'decimal(string | int | double): Decimal',
    meaning: 'Exact; a double by its shortest text.',
    example: 'decimal("0.1") + decimal(0.2)',
    gives: '0.3',
  },
  {
    signature: 'round(Decimal, digits: int): Decimal',
    meaning: 'To so many digits behind the point (negative: before it); half goes away from zero.',
    example: 'round(decimal("-2.345"), 2)',
    gives: '-2.35',
  },
  {
    signature: 'ratio(a, b): double',
    meaning: `The double nearest to the exact quotient ${numbers}, in any mixture; null where b is 0.`,
    example: 'ratio(decimal("0.3"), decimal("0.1"))',
    gives: 3,
  },
  {
    signature: 'string(Decimal), double(Decimal), int(Decimal)',
    meaning: 'The canonical text; the nearest double; the whole part.',
    example: 'int(decimal("-2.9"))',
    gives: '-2',
  },
  {
    signature: 'abs(a), min(a, b), max(a, b)',
    meaning: `Each ${numbers}.`,
    example: 'max(abs(-3), 2)',
    gives: '3',
  },
  {
    signature: 'list.sum(), list.min(), list.max()',
    meaning: `Of lists ${numbers}. The sum of none is 0; the least of none is a failure.`,
    example: '[1.5, 2.5].sum()',
    gives: 4,
  },
]
