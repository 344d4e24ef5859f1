// Documents that the gateway refuses before it plans anything, and requests whose variables do not fit.
import { expect, test } from 'vitest'
import { composeMesh, createMesh, localEndpoint } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'
import { createEngine } from '../../gateway/engine.ts'
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
  'fragments inside one another without end': [
    `{ me { ...F0 } } ${Array.from({ length: 1_500 }, (_, i) => `fragment F${i} on User { ...F${i + 1} }`).join(' ')} fragment F1500 on User { id }`,
    'DOCUMENT_TOO_LARGE',
  ],
  'inline fragments nested by the thousand': [
    `{ me { ${'... { '.repeat(4_000)} id ${'} '.repeat(4_000)} } }`,
    'DOCUMENT_TOO_LARGE',
  ],
  'a variable that would be a prototype': [
    'query ($__proto__: ID!) { user(id: $__proto__) { id } }',
    'DOCUMENT_INVALID',
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

test('names the limit of tokens', async () => {
  const { messages } = await refusal(`{ ${'me { id } '.repeat(5_000)} }`)
  expect(messages).toEqual(['The document exceeds documentTokensMax: more than the 15000 that are allowed.'])
})

test('refuses variables that do not fit, naming them', async () => {
  const { codes, messages } = await refusal('query ($id: ID!) { user(id: $id) { id } }')
  expect(codes).toEqual(['VARIABLES_INVALID'])
  expect(messages[0]).toContain('$id')
})

test('refuses a condition that is given as null, which a default allows it to be', async () => {
  const { codes, messages } = await refusal('query ($y: Boolean = true) { me @include(if: $y) { id } }', { y: null })
  expect([codes, messages[0]]).toEqual([['VARIABLES_INVALID'], expect.stringContaining('"$y"')])
})

test('refuses fragments on interfaces that multiply when they are written out for each type', async () => {
  const tree = {
    name: 'tree',
    sdl: 'type Query { node: Node }  interface Node { id: ID!  next: Node }  interface Half { id: ID! }  type A implements Node & Half { id: ID!  next: Node }  type B implements Node & Half { id: ID!  next: Node }  type C implements Node { id: ID!  next: Node }',
    resolvers: {},
  }
  let selection = 'id'
  for (let level = 0; level < 20; level++) selection = `... on Half { id ... on Node { next { ${selection} } } }`
  const result = await createMesh([tree]).execute({ query: `{ node { ${selection} } }` })
  expect([result.data, result.errors?.[0]?.extensions]).toEqual([undefined, { code: 'PLAN_FAILED' }])
})

test('a supergraph that uses @fromContext is not served, however it was composed', () => {
  const supergraphSdl = composeMesh(SHOP).replace(
    'stars: Int!',
    'stars: Int! @join__field(graph: REVIEWS, contextArguments: [{ context: "c", name: "n", type: "Int", selection: "id" }])',
  )
  const endpoints = SHOP.map((subgraph) => localEndpoint(subgraph))
  expect(() => createEngine({ supergraphSdl, endpoints })).toThrow(
    expect.objectContaining({ code: 'COMPOSITION_FAILED', message: expect.stringContaining('Review.stars') }),
  )
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
      { subgraphs: ['broken'], code: 'SYNTAX_ERROR', message: expect.stringMatching(/^1:13 /), line: 1 },
      { subgraphs: ['context'], code: 'UNSUPPORTED', message: expect.stringContaining('@fromContext'), line: 1 },
    ],
  })
})
