// Documents that the gateway refuses before it plans anything, and requests whose variables do not fit.
import { expect, test } from 'vitest'
import { createMesh } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'

const mesh = createMesh(SHOP, { limits: { documentDepthMax: 8, documentAliasesMax: 20, documentSelectionsMax: 200 } })

async function refusal(
  query: string,
  variables = {},
): Promise<{ data: unknown; codes: unknown[]; messages: string[] }> {
  const { data, errors = [] } = await mesh.execute({ query, variables })
  return {
    data,
    codes: errors.map(({ extensions }) => extensions?.['code']),
    messages: errors.map(({ message }) => message),
  }
}

const cases: Record<string, [string, string]> = {
  'a syntax error': ['{ me', 'DOCUMENT_INVALID'],
  'an unknown field': ['{ nothing }', 'DOCUMENT_INVALID'],
  'an inaccessible field': ['{ me { hidden } }', 'DOCUMENT_INVALID'],
  'a cyclic fragment': ['{ me { ...A } } fragment A on User { manager { ...A } }', 'DOCUMENT_INVALID'],
  'a fragment that spreads itself': ['{ me { ...A } } fragment A on User { ...A }', 'DOCUMENT_INVALID'],
  '@defer': ['{ me { ... @defer { name } } }', 'DOCUMENT_INVALID'],
  'an alias that federation needs': ['{ me { __typename: name } }', 'DOCUMENT_INVALID'],
  'too deep': [`{ me ${'{ manager '.repeat(9)}{ id }${' }'.repeat(9)} }`, 'DOCUMENT_TOO_LARGE'],
  'too many aliases': [
    `{ ${Array.from({ length: 21 }, (_, i) => `a${i}: me { id }`).join(' ')} }`,
    'DOCUMENT_TOO_LARGE',
  ],
  'fragments that double at every step': [
    `{ me { ...F0 } } ${Array.from({ length: 40 }, (_, i) => `fragment F${i} on User { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F40 on User { id }`,
    'DOCUMENT_TOO_LARGE',
  ],
  'too many tokens': [`{ ${'me { id } '.repeat(5_000)} }`, 'DOCUMENT_TOO_LARGE'],
  'lists nested by the thousand': [`{ user(id: ${'['.repeat(14_000)}`, 'DOCUMENT_TOO_LARGE'],
  'several operations and no name': ['query A { me { id } } query B { me { id } }', 'REQUEST_INVALID'],
}

for (const [title, [query, code]] of Object.entries(cases)) {
  test(`refuses ${title} with ${code}`, async () => {
    const { data, codes } = await refusal(query)
    expect([data, codes[0]]).toEqual([undefined, code])
  })
}

test('refuses variables that do not fit, naming them', async () => {
  const { codes, messages } = await refusal('query ($id: ID!) { user(id: $id) { id } }')
  expect(codes).toEqual(['VARIABLES_INVALID'])
  expect(messages[0]).toContain('$id')
})

test('composition names the subgraph of each problem, all at once', () => {
  const result = composeSupergraph([
    { name: 'broken', sdl: 'type Query {' },
    { name: 'context', sdl: 'type Query { a(b: Int @fromContext(field: "$x y")): Int }' },
    { name: 'fine', sdl: '"@fromContext(x) in a text" type Query { c: Int }' },
  ])
  expect(result).toEqual({
    kind: 'failed',
    problems: [
      { subgraphs: ['broken'], code: 'SYNTAX_ERROR', message: expect.stringMatching(/^1:13 /) },
      { subgraphs: ['context'], code: 'UNSUPPORTED', message: expect.stringContaining('@fromContext') },
    ],
  })
})
