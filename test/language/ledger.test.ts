// Money computed exactly, checks of a record's parts that reject and that warn, and what the model keeps for governance.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLanguageMesh, type LanguageMesh } from './language-mesh.ts'

let mesh: LanguageMesh
beforeAll(async () => {
  mesh = await startLanguageMesh('ledger.graphql')
  await mesh.post('finance.expenses', records)
})
afterAll(() => mesh.close())

const idOf = (number: number): string => `00000000-0000-4000-8000-00000000000${number}`
const expense = (number: number, more: object = {}) => ({
  id: idOf(number),
  category: 'ACTUAL',
  amount: '30.30',
  bookedAt: '2026-01-02T03:04:05.678+01:00',
  payerId: 'p',
  lines: [{ amount: '10.10' }, { amount: '20.20', vat: '0.07', tag: ' x ', parts: [{ name: 'a' }] }],
  ...more,
})
const records = [
  expense(1),
  expense(2, { notes: ['ok', null, 'B'] }),
  expense(3, { amount: '30.31' }),
  expense(4, { amount: '30.301', lines: [{ amount: '30.301' }] }),
  expense(5, { category: 'BUDGET', amount: '-0.0', lines: [], paidAt: '2025-01-01T00:00:00Z' }),
  expense(6, { category: 'actual' }),
  expense(7, {
    amount: '2000',
    approvedBy: 'a@example.com',
    lines: [{ amount: '2000', parts: [{ name: 'too long' }] }],
  }),
  expense(8, { amount: '2000', approvedBy: 'a@example.com', lines: [{ amount: '2000' }], notes: ['ok', 'B'] }),
  expense(9, { amount: '2000', lines: [{ amount: '2000' }] }),
]

test('money is exact through nested sums, and what depends on a null is null', async () => {
  expect(
    await mesh.query(
      `{ expense(id: "${idOf(1)}") { amount currency day year rounded gross label largest share overdue tags
          lines { amount vat gross tag parts { name } } }
        none: expense(id: "${idOf(5)}") { amount gross label largest overdue tags } }`,
    ),
  ).toEqual({
    expense: {
      amount: '30.3',
      currency: 'USD',
      day: '2026-01-02',
      year: 2026,
      rounded: 30,
      gross: '33.633',
      label: 'USD 30.3',
      largest: '20.2',
      share: 10.1,
      overdue: null,
      tags: ['x'],
      lines: [
        { amount: '10.1', vat: '0.19', gross: '12.019', tag: null, parts: null },
        { amount: '20.2', vat: '0.07', gross: '21.614', tag: 'x', parts: [{ name: 'a' }] },
      ],
    },
    none: { amount: '0', gross: '0', label: 'USD 0', largest: null, overdue: false, tags: [] },
  })
})

test('a rejected record names its field and check, of however deep a part', async () => {
  const told = (await mesh.rejected('finance.expenses')).map(({ value, code, field, check, message }) => [
    Number((value as { id: string }).id.slice(-1)),
    `${code} ${field ?? ''} ${check ?? ''}: ${message}`,
  ])
  expect(Object.fromEntries(told)).toEqual({
    2: 'RECORD_CHECK_FAILED notes note-length: Must be of a length in [0,2]; it is a list of 3.',
    3: 'RECORD_CHECK_FAILED  lines-add-up: The lines differ.',
    4: 'RECORD_CHECK_FAILED amount amount-cents: Must be such that value * 100 == decimal(int(value * 100)); it is "30.301".',
    6: 'RECORD_FIELD_TYPE category : Must be Category; it is "actual". @from(trim: true, case: UPPER) would read it.',
    7: 'RECORD_CHECK_FAILED lines.0.parts.0.name part-name: Must be of a length in [1,5]; it is "too long".',
    9: 'RECORD_CHECK_FAILED  big-is-approved: Must be such that amount < 1000.0 || approvedBy != null.',
  })
})

test('warnings go with the change and stop nothing', async () => {
  const told = (await mesh.changes('finance.expenses')).map(({ key, warnings }) => [
    Number(key.slice(-1)),
    warnings?.map(({ checkId, field }) => `${checkId} ${field}`),
  ])
  expect(Object.fromEntries(told)).toEqual({
    1: undefined,
    5: ['line-count lines', 'not-late null'],
    8: ['line-amount lines.0.amount', 'note-form notes'],
  })
})

test('pages bound a decimal, descending, by an enum that the argument defaults to', async () => {
  const nodes = (...amounts: string[]) => ({ nodes: amounts.map((amount) => ({ amount })) })
  expect(
    await mesh.query(
      `{ all: expenses { nodes { amount } } over: expenses(over: "30.3") { nodes { amount } }
         upTo: expenses(upTo: 30.30, last: 1) { nodes { amount } } budget: expenses(category: BUDGET) { nodes { amount } } }`,
    ),
  ).toEqual({ all: nodes('2000', '30.3'), over: nodes('2000'), upTo: nodes('30.3'), budget: nodes('0') })
})

test('a subscription filters by what was computed', async () => {
  const booked = await mesh.subscribe('subscription { expenseBooked(category: ACTUAL, year: 2027) { amount label } }')
  const bookedAt = '2027-01-01T00:00:00Z'
  await mesh.post('finance.expenses', [
    expense(1),
    expense(0, { bookedAt, category: 'BUDGET' }),
    expense(1, { bookedAt }),
  ])
  const { data } = await booked.next()
  await booked.close()
  expect(data).toEqual({ expenseBooked: { amount: '30.3', label: 'USD 30.3' } })
})

test('the model keeps who may see what', () => {
  const [entity] = mesh.products[0]?.entities ?? []
  expect({
    access: entity?.access,
    rowFilter: entity?.rowFilter,
    approvedBy: entity?.fields.find(({ name }) => name === 'approvedBy')?.governance,
  }).toEqual({
    access: { roles: ['finance'], scopes: [], purposes: ['reporting'] },
    rowFilter: {
      expression: { source: 'category in principal.roles || amount < 100.0', reads: ['category', 'amount'] },
      unlessRoles: ['cfo'],
    },
    approvedBy: {
      subject: false,
      personal: 'EMAIL',
      mask: { with: 'HASH', unlessRoles: ['audit'], unlessScopes: ['expenses:full'] },
      access: null,
    },
  })
})
