// Every kind of cleaning, from the text of a CSV file and from JSON, to what a client reads; and what of it is rejected.
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLanguageMesh, type LanguageMesh } from './language-mesh.ts'

let mesh: LanguageMesh
beforeAll(async () => {
  mesh = await startLanguageMesh('cleaning.graphql')
})
afterAll(() => mesh.close())

const FIELDS = `id givenName surname streetNumber state postcode income { min max } ages { min max } balance share big member
  seen seenMs day moved updated tags states scores uuid`

test('a row as people write it is cleaned; an empty one is defaults and nulls', async () => {
  const path = fileURLToPath(new URL('persons.csv', import.meta.url))
  expect(await mesh.load('Person', { kind: 'file', path })).toMatchObject({ records: 10, written: 2, rejected: 8 })
  expect(await mesh.query(`{ full: person(id: "P1") { ${FIELDS} } empty: person(id: "P2") { ${FIELDS} } }`)).toEqual({
    full: {
      id: 'P1',
      givenName: "Élodie O'neill-Smith",
      surname: 'Van, Der "X"',
      streetNumber: 1,
      state: 'NSW',
      postcode: '2000',
      income: { min: '30000', max: '50000' },
      ages: { min: 18, max: 25 },
      balance: '1234.5',
      share: 12,
      big: '9007199254740993',
      member: true,
      seen: '2026-01-02T03:02:25.500Z',
      seenMs: '2026-01-02T03:02:25.500Z',
      day: '2026-01-02',
      moved: '1997-01-01',
      updated: '2026-01-02T01:04:05.000Z',
      tags: ['a', 'b', 'c'],
      states: ['NSW', 'WA'],
      scores: [1, 2, 3],
      uuid: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    },
    empty: {
      id: 'P2',
      givenName: null,
      surname: 'Unknown',
      streetNumber: null,
      state: null,
      postcode: 'abc',
      income: { min: '150000', max: null },
      ages: { min: 65, max: null },
      balance: '0',
      share: null,
      big: null,
      member: false,
      seen: null,
      seenMs: null,
      day: null,
      moved: null,
      updated: null,
      tags: null,
      states: ['SA', 'WA'],
      scores: null,
      uuid: null,
    },
  })
})

test('what cannot be cleaned is told by field, with what it is', async () => {
  const rejected = (await mesh.rejected('registry.persons')).map(({ value, field, message }) => ({
    id: (value as { rec_id: string }).rec_id,
    told: `${field}: ${message}`,
  }))
  expect(rejected.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
    { id: 'p10', told: 'scores.1: Must be Int; it is "x".' },
    { id: 'p3', told: 'streetNumber: Must be readable by parse: NUMBER; it is "1 2".' },
    { id: 'p4', told: 'state: Must be State; it is "TAS".' },
    { id: 'p5', told: 'member: Must be readable by parse: BOOLEAN; it is "maybe".' },
    { id: 'p6', told: 'income: Must be readable by parse: RANGE; it is "lots".' },
    { id: 'p7', told: 'day: Must be Date; it is "2026-01-02T00:00:01Z".' },
    { id: 'p8', told: 'ages.min: Must be Int; it is 1.5.' },
    { id: 'p9', told: 'states.1: Must be State; it is "XX".' },
  ])
})

test('a check that warns is named in the change', async () => {
  expect(
    (await mesh.changes('registry.persons')).map(({ key, warnings }) => ({ key, warnings })).toSorted(byKey),
  ).toEqual([
    { key: 'P1', warnings: undefined },
    { key: 'P2', warnings: [{ checkId: 'postcode', field: 'postcode' }] },
  ])
})

test('nested values are found by dotted paths and cleaned where they lie', async () => {
  await mesh.post('registry.persons', [
    {
      rec_id: 'j1',
      surname: null,
      contact: {
        'e-mail': { address: ' Ann@Example.COM ' },
        home: ' https://example.com/ä?x=1 ',
        names: { nick: 'a, b' },
      },
      tags: ['X', ' y '],
      income: { min: '1', max: null },
      member: 1,
    },
    { rec_id: 'j2', contact: { 'e-mail': { address: '' }, home: 'nope' } },
  ])
  expect(
    await mesh.query(
      `{ person(id: "J1") { surname contact { mail home called } tags income { min max } member } none: person(id: "J2") { id } }`,
    ),
  ).toEqual({
    person: {
      surname: 'Unknown',
      contact: { mail: 'ann@example.com', home: 'https://example.com/ä?x=1', called: ['a', 'b'] },
      tags: ['x', 'y'],
      income: { min: '1', max: null },
      member: true,
    },
    none: null,
  })
})

function byKey(left: { readonly key: string }, right: { readonly key: string }): number {
  return left.key < right.key ? -1 : 1
}
