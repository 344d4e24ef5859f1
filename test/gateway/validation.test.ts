// Documents are refused for the reasons that graphql-js has, in less time: what may stand under one response key is decided in one pass where
// nothing differs, and rules about what a text does not have are left out.
import { buildSchema, parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import { validateDocument } from '../../gateway/plan/validate-document.ts'
import { seededRandom } from '../seeded-random.ts'

const schema = buildSchema(`
  interface Node { id: ID! size(unit: Int): Int label: String other: Node all: [Node!] }
  type A implements Node { id: ID! size(unit: Int): Int label: String! other: A all: [Node!] only: Int }
  type B implements Node { id: ID! size(unit: Int): Int label: String other: Node all: [B!] only: String }
  union Any = A | B
  type Query { node: Node a: A b: B any: Any anys: [Any] }
`)

const DOCUMENTS = 1_000
const FIELDS: Record<string, readonly string[]> = {
  Query: ['node', 'a', 'b', 'any', 'anys'],
  Node: ['id', 'size', 'label', 'other', 'all'],
  A: ['id', 'size', 'label', 'other', 'all', 'only'],
  B: ['id', 'size', 'label', 'other', 'all', 'only'],
  Any: [],
}
const OBJECTS: Record<string, string> = { node: 'Node', a: 'A', b: 'B', any: 'Any', anys: 'Any' }
const BELOW: Record<string, Record<string, string>> = {
  Query: OBJECTS,
  Node: { other: 'Node', all: 'Node' },
  A: { other: 'A', all: 'Node' },
  B: { other: 'Node', all: 'B' },
}

function randomDocument(seed: number): string {
  const random = seededRandom(seed)
  const below = (count: number): number => Math.floor(random() * count)
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item
  const select = (type: string, depth: number, fragments: readonly string[]): string => {
    const texts = Array.from({ length: 1 + below(4) }, () => {
      const kind = random()
      if (type !== 'Query' && kind < 0.2 && depth > 0) {
        const condition = pick(['A', 'B', 'Node', type])
        const isPossible = type === condition || !['A', 'B'].includes(type) || condition === 'Node'
        if (isPossible) return `... on ${condition} { ${select(condition, depth - 1, fragments)} }`
      }
      if (type !== 'Query' && kind < 0.4 && fragments.length > 0) return `...${pick(fragments)}`
      const name = pick(FIELDS[type] ?? [])
      if (name === undefined) return '__typename'
      const inner = BELOW[type]?.[name]
      if (inner !== undefined && depth === 0) return '__typename'
      const alias = random() < 0.1 ? `${pick(['x', 'id', 'size'])}: ` : ''
      const given = name === 'size' && random() < 0.3 ? `(unit: ${below(2)})` : ''
      return `${alias}${name}${given}${inner === undefined ? '' : ` { ${select(inner, depth - 1, fragments)} }`}`
    })
    return texts.join(' ')
  }
  // One that is spread inside itself now and then.
  const isCyclic = random() < 0.05
  const first = `fragment First on Node { ${select('Node', 2, isCyclic ? ['Second'] : [])} }`
  const second = `fragment Second on Node { ${select('Node', 2, ['First'])} }`
  return `{ ${select('Query', 3, ['First', 'Second'])} node { ...First ...Second } } ${first} ${second}`
}

test('what is refused and what is allowed is what the rules of graphql-js say', () => {
  const verdicts = { refused: 0, allowed: 0 }
  for (let seed = 0; seed < DOCUMENTS; seed++) {
    const text = randomDocument(seed)
    const document = parse(text)
    const isAllowed = validate(schema, document).length === 0
    expect([text, validateDocument(document, schema).length === 0]).toEqual([text, isAllowed])
    verdicts[isAllowed ? 'allowed' : 'refused']++
  }
  expect(Math.min(verdicts.allowed, verdicts.refused)).toBeGreaterThan(DOCUMENTS / 5)
})

test.each([
  '{ a { id } } fragment Unused on A { id }',
  '{ a { id } } fragment Unused on Missing { id }',
  '{ a { ... on Missing { id } } }',
  '{ a { ... on B { id } } }',
  '{ a { ...Missing } }',
  'query ($unused: Int) { a { id } }',
  '{ a { size(unit: $missing) } }',
  'query ($unit: String) { a { size(unit: $unit) } }',
  '{ a @missing { id } }',
  'query @skip(if: true) { a { id } }',
  '{ a { id @skip(if: true) @skip(if: true) } }',
  '{ a { size(unit: "no", other: 1) } }',
  '{ a }',
  '{ a { id { id } } }',
])('%s is refused for the same reasons as by graphql-js', (text) => {
  const document = parse(text)
  const reasons = validate(schema, document).map(({ message }) => message)
  expect(reasons.length).toBeGreaterThan(0)
  expect(validateDocument(document, schema).map(({ message }) => message)).toEqual(reasons)
})

test('a field asked for in the same way by hundreds of fragments in one place is allowed', () => {
  expect(validateDocument(parse(crowded(900, '')), schema)).toEqual([])
})

test('a hundred fragments in one place may differ where their types do', () => {
  expect(validateDocument(parse(crowded(100, '... on A { x: size } ... on B { x: size(unit: 1) }')), schema)).toEqual(
    [],
  )
})

test('hundreds of fragments in one place that differ are refused without comparing them', () => {
  const errors = validateDocument(parse(crowded(900, '... on A { x: size } ... on B { x: size(unit: 1) }')), schema)
  expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['DOCUMENT_TOO_LARGE'])
})

function crowded(count: number, extra: string): string {
  const fragments = Array.from(
    { length: count },
    (_, index) => `fragment F${index} on Node { other { id all { label } } }`,
  )
  return `{ node { ${extra} ${fragments.map((_, index) => `...F${index}`).join(' ')} } } ${fragments.join('\n')}`
}
