// Meshes for the composition checks: by rule, what breaks it and what does not.

export interface CheckedMesh {
  readonly subgraphs: Readonly<Record<string, string>>
  /** `subgraph:line coordinate CODE`. */
  readonly problems: readonly string[]
}

function fine(subgraphs: CheckedMesh['subgraphs']): CheckedMesh {
  return { subgraphs, problems: [] }
}

function refused(subgraphs: CheckedMesh['subgraphs'], ...problems: readonly string[]): CheckedMesh {
  return { subgraphs, problems }
}

const BOX =
  'type Query { box: Box } type Box @key(fields: "id") { id: ID! name: String size(unit: Unit, n: Int = 1): Int lid: Lid } type Lid { w: Int h: Int } enum Unit { CM }'

/** A second subgraph whose Box.cost requires the selection. */
function requiring(selection: string, arguments_ = 'unit: Unit, n: Int = 1'): CheckedMesh['subgraphs'] {
  return {
    a: BOX,
    b: `type Box @key(fields: "id") {
      id: ID!
      name: String @external
      size(${arguments_}): Int @external
      lid: Lid @external
      all: Int @requires(fields: "name size lid { w h }")
      cost: Int @requires(fields: "${selection}")
    } type Lid { w: Int @external h: Int @external } enum Unit { CM }`,
  }
}

const REQUIRES = 'b:7 Box.cost REQUIRES_INVALID_FIELDS'

function keyed(key: string, fields = 'id: ID! lid: Lid u: U'): CheckedMesh['subgraphs'] {
  return {
    a: `type Query { box: Box } type Box @key(fields: "${key}") { ${fields} } type Lid { w: Int } union U = Lid`,
  }
}

function providing(selection: string, owner = 'name: String @shareable'): CheckedMesh['subgraphs'] {
  return {
    a: `type Query { box: Box } type Box @key(fields: "id") { id: ID!
      ${owner} }`,
    b: `type Query {
      mine: Box @provides(fields: "${selection}") }
      type Box @key(fields: "id") { id: ID! name: String @external }`,
  }
}

const NODES =
  'type Query { node: Node } interface Node @key(fields: "id") { id: ID! } type User implements Node @key(fields: "id") { id: ID! }'

/** a requires b of itself, and so on around. */
function circle(...needs: readonly (readonly [string, string | null])[]): CheckedMesh['subgraphs'] {
  const names = needs.map(([name]) => name)
  const subgraphs = needs.map(([name, need]): [string, string] => {
    const own = need === null ? `${name}: Int` : `${name}: Int @requires(fields: "${need}") ${need}: Int @external`
    return [`of_${name}`, `type Query { q_${name}: Box } type Box @key(fields: "id") { id: ID! ${own} }`]
  })
  return names.length === 0 ? {} : Object.fromEntries(subgraphs)
}

export const MESHES: Readonly<Record<string, Readonly<Record<string, CheckedMesh>>>> = {
  'a selection': {
    'with arguments that fit': fine(requiring('name size(unit: CM, n: 2) lid { w h }')),
    'of the same field twice with the same arguments': fine(requiring('size(n: 2) lid { w } size(n: 2)')),
    'of the same field twice with different arguments': refused(requiring('size(n: 2) size(n: 3)'), REQUIRES),
    'with an alias': refused(requiring('n: name'), REQUIRES),
    'below a leaf': refused(requiring('name { x }'), REQUIRES),
    'of an object without fields': refused(requiring('lid'), REQUIRES),
    'that is two': refused(requiring('name } { name'), REQUIRES),
    'that spreads a fragment': refused(requiring('...F'), REQUIRES),
    'with a variable': refused(requiring('size(n: $n)'), REQUIRES),
    'with an argument of the wrong type': refused(requiring('size(n: \\"x\\")'), REQUIRES),
    'with an enum value that is none': refused(requiring('size(unit: MILE)'), REQUIRES),
    'with an unknown argument': refused(requiring('size(zoom: 1)'), REQUIRES),
    'without an argument that must be': refused(
      {
        a: 'type Query { box: Box } type Box @key(fields: "id") { id: ID! size(n: Int!): Int }',
        b: 'type Box @key(fields: "id") { id: ID! size(n: Int!): Int @external cost: Int @requires(fields: "size") }',
      },
      'b:1 Box.cost REQUIRES_INVALID_FIELDS',
    ),
    'with an argument that only its own subgraph has': refused(
      requiring('size(extra: 1)', 'unit: Unit, n: Int = 1, extra: Int'),
      REQUIRES,
    ),
  },
  'a key': {
    'of nested fields': fine(keyed('id lid { w }')),
    'with __typename': fine(keyed('__typename id')),
    'of __typename only': refused(
      keyed('__typename'),
      'a:1 @key(fields: "__typename") on Box: it selects no field: every object has the same __typename. Name a field that identifies the entity. KEY_INVALID_FIELDS',
    ),
    'with a union': refused(keyed('id u { ... on Lid { w } }'), 'a:1 Box.u KEY_FIELDS_SELECT_INVALID_TYPE'),
    'with an alias': refused(
      keyed('key: id'),
      'a:1 @key(fields: "key: id") on Box: key: id is an alias. Select the field by its own name. KEY_INVALID_FIELDS',
    ),
    'below a leaf': refused(keyed('id { x }'), 'a:1 Box.id KEY_INVALID_FIELDS'),
    'of an object without fields': refused(keyed('lid'), 'a:1 Box.lid KEY_INVALID_FIELDS'),
  },
  '@provides': {
    'of what the other shares': fine(providing('name')),
    'of what the other does not share': refused(
      providing('name', 'name: String'),
      'a,b:2 Box.name INVALID_FIELD_SHARING',
    ),
    'of a field in the other subgraph’s key': fine(
      providing('name', 'name: String } extend type Box @key(fields: "name") { x: Int'),
    ),
    'with an alias': refused(providing('n: name'), 'b:2 Query.mine PROVIDES_INVALID_FIELDS'),
    'below a leaf': refused(providing('name { x }'), 'b:2 Query.mine PROVIDES_INVALID_FIELDS'),
    'on an @external field': refused(
      {
        a: 'type Query { box: Box } type Box @key(fields: "id") { id: ID! lid: Lid @shareable } type Lid @key(fields: "id") { id: ID! w: Int @shareable }',
        b: 'type Query { mine: Box @provides(fields: "lid { id }") } type Box @key(fields: "id") { id: ID! lid: Lid @external @provides(fields: "w") } type Lid @key(fields: "id") { id: ID! w: Int @external }',
      },
      'b:1 Box.lid EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE',
    ),
  },
  '@requires in a circle': {
    'none, through three subgraphs': fine(circle(['x', 'y'], ['y', 'z'], ['z', null])),
    'of two': refused(circle(['x', 'y'], ['y', 'x']), 'of_x:1 Box.x REQUIRES_CYCLE', 'of_y:1 Box.y REQUIRES_CYCLE'),
    'of three, and one behind it': refused(
      circle(['w', 'x'], ['x', 'y'], ['y', 'z'], ['z', 'x']),
      'of_x:1 Box.x REQUIRES_CYCLE',
      'of_y:1 Box.y REQUIRES_CYCLE',
      'of_z:1 Box.z REQUIRES_CYCLE',
    ),
    'through a nested field of its own type': refused(
      {
        a: 'type Query { box: Box } type Box @key(fields: "id") { id: ID! next: Box }',
        b: 'type Box @key(fields: "id") { id: ID! next: Box @external sum: Int @requires(fields: "next { sum }") }',
      },
      'b:1 Box.sum REQUIRES_CYCLE',
    ),
    'that only another subgraph breaks, where the library gives up': refused(
      {
        a: 'type Query { box: Box } type Box @key(fields: "id") { id: ID! x: Int @requires(fields: "y") y: Int @external }',
        b: 'type Box @key(fields: "id") { id: ID! y: Int @shareable @requires(fields: "x") x: Int @external }',
        c: 'type Box @key(fields: "id") { id: ID! y: Int @shareable }',
      },
      ' The composition library gave up: Maximum call stack size exceeded. Compose fewer subgraphs at a time to find the one that it cannot read. INVALID_GRAPHQL',
    ),
  },
  'an interface object': {
    'beside other types': fine({
      a: NODES,
      b: 'type Node @interfaceObject @key(fields: "id") { id: ID! n: Int } type Query { other: Other } type Other { x: Int }',
    }),
    'whose fields are provided above its definition': fine({
      a: NODES.replaceAll('id: ID! }', 'id: ID! n: Int @shareable }').replace('n: Int @shareable', 'n: Int'),
      b: 'type Query { mine: Node @provides(fields: "n") } type Node @key(fields: "id") @interfaceObject { id: ID! n: Int @external }',
    }),
    'beside a type that implements it': refused(
      {
        a: NODES,
        b: 'type Node @interfaceObject @key(fields: "id") { id: ID! n: Int }\n type User @key(fields: "id") { id: ID! }',
      },
      'b:2 User implements Node, which is an @interfaceObject in this subgraph: here it would be both itself and Node. Take User out of this subgraph, or define the interface in place of the @interfaceObject. INTERFACE_OBJECT_USAGE_ERROR',
    ),
    'that overrides': refused(
      {
        a: NODES.replaceAll('id: ID! }', 'id: ID! n: Int @shareable }').replace('n: Int @shareable', 'n: Int'),
        b: 'type Node @interfaceObject @key(fields: "id") { id: ID! n: Int @shareable @override(from: "a") }',
      },
      'b:1 Node.n OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE',
    ),
  },
  'an entity interface': {
    'whose subgraph has every implementation': fine({ a: NODES, b: 'type User @key(fields: "id") { id: ID! x: Int }' }),
    'with an implementation elsewhere only': refused(
      {
        a: NODES,
        b: 'interface Node { id: ID! } type Bot implements Node @key(fields: "id") { id: ID! } type Query { bot: Bot }',
      },
      'a:1 Interface Node has a resolvable @key here, but Bot, which implements it elsewhere, does not implement it here: such an object could not be told by its key. Define Bot here, or make the key `resolvable: false`. INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE',
    ),
    'that does not resolve by its key': fine({
      a: NODES.replace('Node @key(fields: "id")', 'Node @key(fields: "id", resolvable: false)'),
      b: 'interface Node { id: ID! } type Bot implements Node @key(fields: "id") { id: ID! } type Query { bot: Bot }',
    }),
    'whose implementation does not resolve by it': refused(
      {
        a: NODES.replace('implements Node @key(fields: "id")', 'implements Node @key(fields: "id", resolvable: false)'),
      },
      'a:1 @key(fields: "id") is resolvable on interface Node and not on User, which implements it. Make it resolvable on both, or on neither. INTERFACE_KEY_NOT_ON_IMPLEMENTATION',
    ),
    'with an @external field': refused(
      { a: 'type Query { n: I } interface I { x: Int @external } type T implements I { x: Int }' },
      'a:1 I.x EXTERNAL_ON_INTERFACE',
    ),
  },
  '@override': {
    once: fine({ a: 'type Query { x: Int @override(from: "b") }', b: 'type Query { x: Int y: Int }' }),
    'in a chain': refused(
      {
        a: 'type Query { x: Int @override(from: "b") }',
        b: 'type Query { x: Int @override(from: "c") }',
        c: 'type Query { x: Int y: Int }',
      },
      'a,b:1 Query.x OVERRIDE_SOURCE_HAS_OVERRIDE',
    ),
    'by two that do not share': refused(
      {
        a: 'type Query { x: Int @override(from: "c") }',
        b: 'type Query { x: Int @override(from: "c") }',
        c: 'type Query { x: Int y: Int }',
      },
      'a,b:1 Query.x INVALID_FIELD_SHARING',
    ),
    'by two that share': fine({
      a: 'type Query { x: Int @shareable @override(from: "c") }',
      b: 'type Query { x: Int @shareable @override(from: "c") }',
      c: 'type Query { x: Int y: Int }',
    }),
  },
  names: {
    'that begin with the supergraph’s prefix': refused(
      { a: 'type Query { x: join__X }\n type join__X { x: Int }' },
      "a:2 Type join__X: names that begin with join__ are the supergraph's own. Rename it. RESERVED_NAME",
    ),
    'of federation’s own types': refused(
      { a: 'type Query { x: _Entity }\n type _Entity { x: Int }' },
      "a:2 Type _Entity is federation's own. Rename yours. RESERVED_NAME",
    ),
    'of federation’s own fields': refused(
      { a: 'type Query { x: Int\n _service: Int }' },
      'a:2 Query._service RESERVED_NAME',
    ),
    'that an SDL of a running subgraph has': fine({
      a: 'type Query { x: Int _service: _Service! } type _Service { sdl: String }',
    }),
    'of no subgraph': refused(
      { ' ': 'type Query { x: Int }' },
      '  A subgraph has no name. Give it one. INVALID_SUBGRAPH_NAME',
    ),
  },
  'a linked specification': {
    'that is metadata': fine({ a: 'extend schema @link(url: "https://example.com/owner/v1.0") type Query { x: Int }' }),
    'for execution': refused(
      { a: 'extend schema @link(url: "https://example.com/teleport/v1.0", for: EXECUTION) type Query { x: Int }' },
      'a @link(url: "https://example.com/teleport/v1.0", for: EXECUTION) asks for what this gateway does not do. Take it out, with its directives. UNSUPPORTED_LINKED_FEATURE',
    ),
    'of connectors': refused(
      { a: 'extend schema @link(url: "https://specs.apollo.dev/connect/v0.1") type Query { x: Int }' },
      'a @link(url: "https://specs.apollo.dev/connect/v0.1") asks for what this gateway does not do. Take it out, with its directives. UNSUPPORTED_LINKED_FEATURE',
    ),
  },
  'put together': {
    'a default that is left': fine({
      a: 'type Query { x(e: E = A): Int } enum E { A B }',
      b: 'type Query { y(e: E): Int } enum E { A }',
    }),
    'a default that is no value any more': refused(
      { a: 'type Query { x(e: E = B): Int } enum E { A B }', b: 'type Query { y(e: E): Int } enum E { A }' },
      ' Query.x(e:) INVALID_GRAPHQL',
    ),
    'a default with a field that is gone': refused(
      {
        a: 'type Query { x(in: In = { m: 1 }): Int } input In { m: Int n: Int }',
        b: 'type Query { y(in: In): Int } input In { n: Int }',
      },
      ' Query.x(in:) INVALID_GRAPHQL',
    ),
    'inputs that contain one another without end': refused(
      {
        a: 'type Query { x(in: In): Int } input In { to: Out! } input Out { back: In z: Int }',
        b: 'type Query { y(in: In): Int } input In { to: Out } input Out { back: In! z: Int }',
      },
      ' Put together, the subgraphs make no valid schema: Cannot reference Input Object "In" within itself through a series of non-null fields: "to.back". INVALID_GRAPHQL',
    ),
    'an argument of an interface that a type lost': refused(
      {
        a: 'type Query { i: I } interface I { x(n: Int): Int } type T implements I { x(n: Int): Int @shareable }',
        b: 'type Query { t: T } type T { x: Int @shareable }',
      },
      ' I.x(n:) INVALID_GRAPHQL',
    ),
    'a union without a member that clients may see': refused(
      { a: 'type Query { u: U x: Int } union U = T type T @inaccessible { x: Int }' },
      ' Put together, the subgraphs make no valid schema: Union type U must define one or more member types. INVALID_GRAPHQL',
    ),
  },
}
