// What the planner is told of a supergraph, from the join directives as several compositions print them.
import { printSchema } from 'graphql'
import { describe, expect, test } from 'vitest'
import { composeSupergraph, formatProblems } from '../../gateway/compose/compose-supergraph.ts'
import { readSupergraph } from '../../gateway/supergraph/read-supergraph.ts'
import type { FieldSet, Supergraph } from '../../gateway/supergraph/supergraph.ts'

const APOLLO = 'https://specs.apollo.dev'
const JOIN_V3 = `schema @link(url: "${APOLLO}/link/v1.0") @link(url: "${APOLLO}/join/v0.3", for: EXECUTION) { query: Query }
  enum join__Graph { A @join__graph(name: "a", url: "http://a") B @join__graph(name: "b", url: "http://b") }`

function compose(subgraphs: Record<string, string>): Supergraph {
  const link = `extend schema @link(url: "${APOLLO}/federation/v2.9", import: ["@key", "@requires", "@external", "@provides", "@shareable", "@override", "@interfaceObject", "@inaccessible", "@tag", "@cost", "@listSize", "@authenticated"])\n`
  const composition = composeSupergraph(Object.entries(subgraphs).map(([name, sdl]) => ({ name, sdl: link + sdl })))
  if (composition.kind === 'failed') throw new Error(formatProblems(composition.problems))
  return readSupergraph(composition.supergraphSdl)
}

/** A line per graph of a field: `a String external key requires(x y { z }) label`. */
function fieldLines({ graphs, types }: Supergraph, type: string, field: string): string[] {
  const entries = [...(types.get(type)?.fields.get(field)?.graphs ?? [])]
  return entries
    .map(([id, each]) =>
      [
        graphs[id]?.name,
        each.type,
        each.external && 'external',
        each.inKey && 'key',
        each.requires && `requires(${setText(each.requires)})`,
        each.provides && `provides(${setText(each.provides)})`,
        each.label && `${each.label.name}=${each.label.active ? 'on' : 'off'}`,
      ]
        .filter(Boolean)
        .join(' '),
    )
    .toSorted()
}

function typeLines({ graphs, types }: Supergraph, name: string): string[] {
  return [...(types.get(name)?.graphs ?? [])]
    .map(([id, { keys, isInterfaceObject, possibleTypes }]) => {
      const keyTexts = keys.map((key) => `${key.resolvable ? 'key' : 'unresolvable'}(${setText(key.fields)})`)
      const parts = [graphs[id]?.name, ...keyTexts, isInterfaceObject && 'interfaceObject', possibleTypes.join('|')]
      return parts.filter(Boolean).join(' ')
    })
    .toSorted()
}

function setText(fields: FieldSet): string {
  return fields
    .map((entry) => {
      if (entry.kind === 'on') return `... on ${entry.type} { ${setText(entry.selections)} }`
      const values = entry.arguments === '' ? '' : `(${entry.arguments})`
      return entry.name + values + (entry.selections === null ? '' : ` { ${setText(entry.selections)} }`)
    })
    .join(' ')
}

describe('types and fields', () => {
  test('a type has its keys, an abstract type what each graph can answer for it', () => {
    const read = compose({
      a: 'type Query { pets: [Pet] any: Any } interface Pet { id: ID! } union Any = Cat | Dog type Cat implements Pet @key(fields: "id") @key(fields: "chip { no }") { id: ID! chip: Chip @shareable } type Chip @shareable { no: Int } type Dog implements Pet @key(fields: "id", resolvable: false) { id: ID! }',
      b: 'type Query { b: Any } union Any = Cat | Fish type Cat @key(fields: "id") { id: ID! purrs: Boolean } type Dog @key(fields: "id") { id: ID! barks: Boolean } type Fish { name: String }',
    })
    expect({
      cat: typeLines(read, 'Cat'),
      dog: typeLines(read, 'Dog'),
      pet: typeLines(read, 'Pet'),
      any: typeLines(read, 'Any'),
      possible: read.types.get('Any')?.possibleTypes.toSorted(),
      interfaces: read.types.get('Cat')?.interfaces,
    }).toEqual({
      cat: ['a key(id) key(chip { no }) Cat', 'b key(id) Cat'],
      dog: ['a unresolvable(id) Dog', 'b key(id) Dog'],
      pet: ['a Cat|Dog'],
      any: ['a Cat|Dog', 'b Cat|Fish'],
      possible: ['Cat', 'Dog', 'Fish'],
      interfaces: ['Pet'],
    })
  })

  test('@requires keeps its arguments, @provides makes external fields known below it, differing types stay', () => {
    const read = compose({
      a: 'type Query { box: Box @provides(fields: "label { text }") } type Box @key(fields: "id") { id: ID! size(unit: Unit!): Int @external label: Label @external cost: Int @requires(fields: "size(unit: CM) label { text }") note: String! @shareable } type Label { text: String @external } enum Unit { CM }',
      b: 'type Query { b: Box } type Box @key(fields: "id") { id: ID! size(unit: Unit!): Int label: Label @shareable note: String @shareable } type Label { text: String @shareable } enum Unit { CM }',
    })
    expect({
      box: fieldLines(read, 'Query', 'box'),
      cost: fieldLines(read, 'Box', 'cost'),
      size: fieldLines(read, 'Box', 'size'),
      text: fieldLines(read, 'Label', 'text'),
      note: fieldLines(read, 'Box', 'note'),
    }).toEqual({
      box: ['a Box provides(label { text })'],
      cost: ['a Int requires(size(unit: CM) label { text })'],
      size: ['a Int external', 'b Int'],
      text: ['a String external', 'b String'],
      note: ['a String!', 'b String'],
    })
  })

  test('an overridden field is gone, kept for keys where it is part of one, and has both graphs while a label decides', () => {
    const read = compose({
      a: 'type Query { user: User } type User @key(fields: "id") @key(fields: "name") { id: ID! name: String age: Int mail: String zip: String }',
      b: 'type User @key(fields: "id") { id: ID! name: String @override(from: "a") age: Int @override(from: "a") mail: String @override(from: "a", label: "percent(5)") zip: String @override(from: "a", label: "rollout") }',
    })
    expect({
      name: fieldLines(read, 'User', 'name'),
      age: fieldLines(read, 'User', 'age'),
      mail: fieldLines(read, 'User', 'mail'),
      labels: read.overrideLabels,
    }).toEqual({
      name: ['a String external key', 'b String'],
      age: ['b Int'],
      mail: ['a String percent(5)=off', 'b String percent(5)=on'],
      labels: ['percent(5)', 'rollout'],
    })
  })

  test('the label of a root field holds for whom it was taken from, though the composition leaves it out there', () => {
    const read = compose({
      a: 'type Query { now: Int then: Int }',
      b: 'type Query { now: Int @override(from: "a", label: "percent(5)") }',
    })
    expect(fieldLines(read, 'Query', 'now')).toEqual(['a Int percent(5)=off', 'b Int percent(5)=on'])
  })

  test('what an interface object adds stands on every implementing type', () => {
    const read = compose({
      a: 'type Query { node: Node } interface Node @key(fields: "id") { id: ID! } type User implements Node @key(fields: "id") { id: ID! name: String }',
      b: 'type Query { hot: Node } type Node @interfaceObject @key(fields: "id") { id: ID! hits: Int }',
    })
    expect({
      node: typeLines(read, 'Node'),
      hits: fieldLines(read, 'Node', 'hits'),
      userHits: fieldLines(read, 'User', 'hits'),
      userId: fieldLines(read, 'User', 'id'),
    }).toEqual({
      node: ['a key(id) User', 'b key(id) interfaceObject'],
      hits: ['b Int'],
      userHits: ['b Int'],
      userId: ['a ID! key', 'b ID! key'],
    })
  })

  test('Federation 1: value types are everywhere, keys of extensions are theirs', () => {
    const read = readSupergraph(`
      schema @core(feature: "${APOLLO}/core/v0.1") @core(feature: "${APOLLO}/join/v0.1") { query: Query }
      directive @core(feature: String!) repeatable on SCHEMA
      enum join__Graph { A @join__graph(name: "a", url: "http://a") B @join__graph(name: "b", url: "http://b") }
      type Query { user: User @join__field(graph: A) review: Review @join__field(graph: B) }
      type User @join__owner(graph: A) @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
        id: ID! @join__field(graph: A) name: String @join__field(graph: A) reviews: [Review] @join__field(graph: B) }
      type Review { body: Text author: User @join__field(graph: B, provides: "name") }
      type Text { raw: String }`)
    expect({
      user: typeLines(read, 'User'),
      text: typeLines(read, 'Text'),
      id: fieldLines(read, 'User', 'id'),
      name: fieldLines(read, 'User', 'name'),
      raw: fieldLines(read, 'Text', 'raw'),
    }).toEqual({
      user: ['a key(id) User', 'b key(id) User'],
      text: ['a Text', 'b Text'],
      id: ['a ID! key', 'b ID! key'],
      name: ['a String', 'b String external'],
      raw: ['a String', 'b String'],
    })
  })

  test('a label without a graph to fall back to decides nothing', () => {
    const read = readSupergraph(
      `${JOIN_V3} type Query @join__type(graph: A) @join__type(graph: B) { a: Int @join__field(graph: A, override: "gone", overrideLabel: "percent(5)") }`,
    )
    expect(fieldLines(read, 'Query', 'a')).toEqual(['a Int'])
  })
})

describe('the public schema', () => {
  test('has nothing of federation and nothing @inaccessible, and keeps the rest as it is', () => {
    const read = compose({
      a: `type Query { shown(a: Int, b: Int = 2 @inaccessible): Shown @cost(weight: 3) secret: Hidden @inaccessible any: Any list: [Int] @listSize(assumedSize: 3) }
        type Shown implements Ghost @tag(name: "x") { id: ID old: Int @deprecated(reason: "no") gone: Int @inaccessible }
        interface Ghost @inaccessible { id: ID } type Hidden @inaccessible { a: Int } union Any = Shown | Hidden enum Level { LOW HIGH @inaccessible }
        extend type Query { level(in: In): Level } input In { a: Int b: Int @inaccessible } scalar When @specifiedBy(url: "https://when") extend type Shown { at: When }`,
    })
    expect(printSchema(read.publicSchema)).toBe(`scalar When @specifiedBy(url: "https://when")

type Query {
  shown(a: Int): Shown
  any: Any
  list: [Int]
  level(in: In): Level
}

type Shown {
  id: ID
  old: Int @deprecated(reason: "no")
  at: When
}

union Any = Shown

enum Level {
  LOW
}

input In {
  a: Int
}`)
  })

  test('keeps root types of other names', () => {
    const read = readSupergraph(
      `${JOIN_V3.replace('query: Query', 'query: Root')} type Root @join__type(graph: A) { a: Int }`,
    )
    expect([read.queryType, read.publicSchema.getQueryType()?.name]).toEqual(['Root', 'Root'])
  })
})

describe('a supergraph is refused', () => {
  const type = 'type Query @join__type(graph: A) @join__type(graph: B)'
  test.each([
    ['that is none', 'type Query { a: Int }', ['It links no join specification', 'It names no subgraphs']],
    [
      'of a join specification to come',
      `${JOIN_V3.replace('join/v0.3', 'join/v0.9')} ${type} { a: Int }`,
      ['join/v0.9, and this gateway knows join v0.1'],
    ],
    [
      'that links another version of what protects fields',
      `${JOIN_V3.replace('schema', `schema @link(url: "${APOLLO}/authenticated/v0.2", for: SECURITY)`)} ${type} { a: Int }`,
      ['authenticated/v0.2, and this gateway knows v0.1 of it'],
    ],
    [
      'that links an unknown feature for execution',
      `${JOIN_V3.replace('schema', 'schema @link(url: "https://example.com/teleport/v1.0", for: EXECUTION)')} ${type} { a: Int }`,
      ['teleport/v1.0 for EXECUTION'],
    ],
    [
      'with arguments from a context',
      `${JOIN_V3} ${type} { a: Int @join__field(graph: A, contextArguments: [{ context: "c", name: "n", type: "Int", selection: "x" }]) }`,
      ['@fromContext in Query.a'],
    ],
    [
      'with a type beside the interface object that it implements',
      `${JOIN_V3} ${type} { n: N } interface N @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true) { id: ID! }
       type T implements N @join__implements(graph: A, interface: "N") @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! }`,
      ['Subgraph b has N as an @interfaceObject and defines T'],
    ],
    ['that is no GraphQL', 'type {', ['The supergraph is no GraphQL document']],
  ])('%s', (_, sdl, expected) => {
    const message = refusal(sdl)
    expect(expected.filter((part) => !message.includes(part))).toEqual([])
  })

  test('unless the feature that it links is only metadata', () => {
    const linked = JOIN_V3.replace('schema', 'schema @link(url: "https://example.com/owner/v1.0")')
    expect(readSupergraph(`${linked} ${type} { a: Int }`).queryType).toBe('Query')
  })
})

function refusal(sdl: string): string {
  try {
    readSupergraph(sdl)
    return ''
  } catch (error) {
    return String(error)
  }
}
