// The gateway answers as one merged schema over the same data would.
import { describe, expect, test } from 'vitest'
import { askMerged, comparable, createMesh, mergedSchema } from './merged-mesh.ts'
import { MERGED_RESOLVERS, MERGED_SDL, SHOP } from './shop.ts'
import { TRANSIT, TRANSIT_RESOLVERS, TRANSIT_SDL } from './transit.ts'

const shop = { mesh: createMesh(SHOP), merged: mergedSchema(MERGED_SDL, MERGED_RESOLVERS) }
const transit = { mesh: createMesh(TRANSIT), merged: mergedSchema(TRANSIT_SDL, TRANSIT_RESOLVERS) }

async function expectSame(
  { mesh, merged }: typeof shop,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<void> {
  const [ours, theirs] = [await mesh.execute({ query, variables }), await askMerged(merged, query, variables)]
  expect(comparable(ours)).toEqual(comparable(theirs))
}

describe('a query over several subgraphs', () => {
  const scenarios: Record<string, [string, Record<string, unknown>?]> = {
    'one subgraph': ['{ me { id name role address { city lines } } }'],
    'an entity by one key': ['{ me { name reviews { body stars } } }'],
    'entities in lists in lists': ['{ users { reviews { product { name reviews { author { email } } } } } }'],
    'lists of lists and nulls': ['{ topProducts(first: 3) { grid brand { country } price } }'],
    '@requires of scalars': ['{ topProducts(first: 3) { shipping fast: shipping(mode: "FAST") } }'],
    '@requires of nested objects': ['{ topProducts(first: 3) { label } }'],
    '@requires where the root is elsewhere': ['{ reviews { product { shipping label inStock } } }'],
    'an interface object': ['{ nodes { __typename id hits tags } }'],
    'fields of an interface object on its types': [
      '{ users { hits tags } nodes { ... on User { name hits } ... on Device { model tags } } }',
    ],
    'an interface without its __typename asked': ['{ nodes { id ... on User { reviews { stars } } } }'],
    'a union': [
      '{ things { __typename ... on User { name hits } ... on Product { title: name shipping } ... on Review { stars author { name } } } }',
    ],
    'aliases of what keys need': ['{ users { id: name email: id reviews { id: body } } }'],
    'aliases of what @requires needs': ['{ topProducts { price: name weight: upc brand: sku shipping label } }'],
    'aliases on the prototype': [
      '{ me { __proto__: name constructor: email toString: id reviews { __proto__: body hasOwnProperty: stars } } }',
    ],
    'the same field with different arguments': [
      '{ a: me { n: name r: reviews(first: 1) { id } } b: me { n: name(upper: true) r: reviews(first: 2) { id product { name } } } }',
    ],
    'merged selections': [
      '{ me { reviews { id } } me { reviews { stars product { upc } } } ...F } fragment F on Query { me { reviews { product { name } } } }',
    ],
    'named fragments': [
      '{ users { ...A } } fragment A on User { name ...B } fragment B on User { reviews { ...C } } fragment C on Review { stars product { inStock } }',
    ],
    'variables and defaults': [
      'query ($id: ID!, $n: Int = 1, $u: Boolean) { user(id: $id) { name(upper: $u) reviews(first: $n) { id } } }',
      { id: 'u1', u: true },
    ],
    "variables named like the plan's own": [
      'query ($representations: ID!, $__batch_reps_0: Int) { user(id: $representations) { reviews(first: $__batch_reps_0) { id product { name } } } }',
      { representations: 'u1', __batch_reps_0: 1 },
    ],
    '@skip and @include': [
      'query ($y: Boolean!, $n: Boolean!) { me @include(if: $y) { name @skip(if: $y) reviews @skip(if: $n) { id @include(if: $n) stars } } users @skip(if: $y) { id } }',
      { y: true, n: false },
    ],
    'conditions on fragments': [
      'query ($y: Boolean!) { users { ... @include(if: $y) { reviews { id } } ... on User @skip(if: $y) { name hits } } }',
      { y: false },
    ],
    'the same field under opposite conditions': [
      'query ($y: Boolean!) { me { reviews @include(if: $y) { id } reviews @skip(if: $y) { stars } } }',
      { y: false },
    ],
    'errors of fields': ['{ users { name flaky reviews { id } } }'],
    'errors below entities': ['{ reviews { author { flaky } } }'],
    'nulls that propagate': ['{ reviews { id author { id } product { reviews { strict } } } }'],
    'nulls that propagate to the root': ['{ reviews { strict } }'],
    'nothing found': ['{ user(id: "none") { name reviews { id } } }'],
    'only __typename': ['{ __typename a: __typename me { __typename x: __typename } }'],
    introspection: [
      '{ __type(name: "Review") { name fields { name type { kind ofType { name } } } } me { name reviews { id } } }',
    ],
  }
  for (const [title, [query, variables]] of Object.entries(scenarios)) {
    test(`answers like the merged schema: ${title}`, () => expectSame(shop, query, variables))
  }
})

describe('a query over a mesh that shares its types widely', () => {
  const scenarios: Record<string, [string, Record<string, unknown>?]> = {
    'an interface object at the root': [
      '{ topRated { __typename id rating } best { stars state ... on Bus { seats { fee } } } }',
    ],
    'different fields of an interface object on different types': [
      '{ topRated { ... on Tram { stars } ... on Bus { rating } } owners { favourite { ... on Bus { rating } ... on Tram { stars } } } }',
    ],
    'a union whose members come from several subgraphs': [
      '{ hits { __typename ... on Bus { toll } ... on Seat { fee } ... on Owner { code } } found { ... on Owner { name vehicles { id line: __typename } } ... on Depot { city } ... on Bus { id } } }',
    ],
    'an interface whose types come from several subgraphs': [
      '{ named { name(lang: DE) ... on Owner { state } } vehicles { ... on Named { name } } }',
    ],
    'fragments on interfaces over unions': [
      '{ hits { ... on Vehicle { id rating owner { name } } } found { ... on Named { name } } }',
    ],
    'entities in lists of nullable lists': ['{ buses(first: 9) { seats { letter place { busId deck } fee } } }'],
    'nulls that propagate through lists of lists': ['{ buses(first: 9) { id seats { strictFee } } }'],
    '@requires through three subgraphs': ['{ buses(first: 9) { total tax } }', {}],
    '@provides and @override': ['{ buses { nickname depot { city } } depots { city } }'],
    'enum values that only some subgraphs know': ['{ owners { state } vehicles { state } }'],
    'lists that hold null': ['{ vehicles { id } named { __typename } }'],
    'input objects with defaults, nulls and single items for lists': [
      'query ($w: Wish, $at: [Int] = 4, $limit: Float = 2) { a: echo(input: $w) b: echo(input: { at: $at }, flags: [[true], null], limit: $limit) c: echo(flags: null) }',
      { w: { text: null, deeper: { at: 1 } }, limit: null },
    ],
    'an argument left to its default by a variable that is not given': [
      'query ($id: ID! = "t1") { vehicle(id: $id) { id } b: vehicle { id } }',
    ],
    'a null for a nullable variable where null is not allowed': [
      'query ($id: ID = "t1") { owners { code } vehicle(id: $id) { id } }',
      { id: null },
    ],
    'a mutation with what is joined below it': [
      'mutation { a: park(id: "t1") { rating owner { name } } wash(id: "b1") { total } sell(code: 7) { vehicles { state } } }',
    ],
    'a mutation whose second field must not be null and is': [
      'mutation { park(id: "b1") { id } wash(id: "t1") { id } sell(code: 1) { code } }',
    ],
  }
  for (const [title, [query, variables]] of Object.entries(scenarios)) {
    test(`answers like the merged schema: ${title}`, () => expectSame(transit, query, variables))
  }
})
