// Values anywhere in the data of an answer that are not what they were.
import { errorOf, pathTo } from './damaged-errors.ts'
import { dataOf, INTERNAL, pick, withErrors, type DamageOptions, type TreeDamage } from './damage-tree.ts'
import { literal, sitesBelow, treeOf, type JsonNode, type JsonSite } from './json-tree.ts'

/** As subgraphs answer fields that fail. */
export const NULLED: Record<string, TreeDamage> = {
  'a null with its error': (tree, options) => {
    const site = someSite(tree, options, (each) => each.node.kind !== 'literal' || each.node.text !== 'null')
    const path = site === undefined ? [] : pathTo(dataOf(tree), site.node)
    site?.replace(literal(null))
    return withErrors(tree, [treeOf({ message: INTERNAL, path })])
  },
}

export const LOUD: Record<string, TreeDamage> = {
  'fewer or more entities': (tree, { random }) => {
    const data = dataOf(tree)
    for (const [key, list] of data.kind === 'object' ? data.entries : []) {
      if (!/^(_entities|e\d+)$/.test(key) || list.kind !== 'list' || random() < 0.3) continue
      const [first = literal(null)] = list.items
      pick<() => unknown>([() => list.items.pop(), () => list.items.push(first), () => (list.items = [])], random)()
    }
    return tree
  },
  'entities that are none': (tree, options) => {
    const site = someSite(tree, options, ({ node, key }) => node.kind === 'object' && typeof key === 'number')
    site?.replace(treeOf(pick<unknown>([7, true, INTERNAL, [], [{ id: 'x' }]], options.random)))
    return tree
  },
  'a list for an object': (tree, options) => {
    const site = someSite(tree, options, ({ node }) => node.kind === 'object')
    site?.replace({ kind: 'list', items: [{ kind: 'list', items: [site.node] }] })
    return tree
  },
  'an object for a list': (tree, options) => {
    someSite(tree, options, ({ node }) => node.kind === 'list')?.replace(treeOf({ 0: INTERNAL, length: 1 }))
    return tree
  },
  'a leaf for an object or list': (tree, options) => {
    const site = someSite(tree, options, ({ node }) => node.kind !== 'literal')
    site?.replace(literal(pick<unknown>([INTERNAL, 7, true, ''], options.random)))
    return tree
  },
}

const ODD_LITERALS = [
  '1e400',
  '-1e400',
  '9007199254740993',
  '-0',
  '0.1e-7',
  '1e21',
  '2147483648',
  '-2147483649',
  '1.5',
  'true',
  '""',
  '"\\ud800"',
  '"\\udfffx\\ud83d"',
  String.raw`"a\"b\\c\u0000\u001f\n"`,
  '"\u2028\u2029\u007f\u00e9漢🚀"',
  '"__proto__"',
  '"true"',
  '"12"',
  `"${INTERNAL}"`,
  `"${'long '.repeat(5000)}"`,
  '{}',
  '[]',
  '[null]',
  '[[]]',
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toJSON":1,"valueOf":null}',
]

/** One odd thing each: what one of them spoils must not hide another. */
const ODD_STRINGS = [
  '"\\ud800"',
  '"\\udc00 x"',
  String.raw`"\u0000"`,
  String.raw`"a\nb"`,
  String.raw`"\""`,
  String.raw`"\\"`,
  String.raw`"\u2028"`,
  '"\u2028\u2029\u007f"',
  '"é漢🚀"',
  '""',
  '"__proto__"',
  `"${'long '.repeat(20)}"`,
  String.raw`"${'long '.repeat(20)}\u001f"`,
  `"${'long '.repeat(20)}\\""`,
]

const ODD_NUMBERS = [
  '-0',
  '0',
  '2147483647',
  '2147483648',
  '-2147483649',
  '1.5',
  '1e3',
  '9007199254740993',
  '1e400',
  '-1',
]

const ODD_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '#1',
  'length',
  '0',
  '',
  'valueOf',
  'toJSON',
]

export const SILENT: Record<string, TreeDamage> = {
  null: inPlace((_site, _options) => literal(null)),
  'another leaf': inPlace((_site, { random }) => ({ kind: 'literal', text: pick(ODD_LITERALS, random) })),
  'another leaf for a leaf': (tree, options) => {
    const site = someSite(tree, options, ({ node }) => node.kind === 'literal')
    site?.replace({ kind: 'literal', text: pick(ODD_LITERALS, options.random) })
    return tree
  },
  // Short ones are values of enums: one that is none would hide what the others do.
  'odd strings': (tree, options) => replaceLeaves(tree, options, { of: /^".{4}/, by: ODD_STRINGS }),
  'odd numbers': (tree, options) => replaceLeaves(tree, options, { of: /^[-\d]/, by: ODD_NUMBERS }),
  nulls: (tree, options) => replaceLeaves(tree, options, { of: /./, by: ['null'] }),
  'a missing key': (tree, options) => {
    someSite(tree, options, ({ key }) => typeof key === 'string')?.remove()
    return tree
  },
  'extra keys': (tree, options) => {
    const objects = [dataOf(tree), ...sitesBelow(dataOf(tree)).map(({ node }) => node)]
    for (const node of objects) {
      if (node.kind !== 'object' || options.random() < 0.5) continue
      const key = pick(ODD_KEYS, options.random)
      const value = treeOf(pick<unknown>([{ polluted: true }, [], null, INTERNAL, 1], options.random))
      node.entries.splice(Math.floor(options.random() * node.entries.length), 0, [key, value])
    }
    return tree
  },
  'a key twice': (tree, options) => {
    for (const node of [dataOf(tree), ...sitesBelow(dataOf(tree)).map((each) => each.node)]) {
      if (node.kind !== 'object' || node.entries.length === 0) continue
      const [key] = pick(node.entries, options.random)
      node.entries.push([key, { kind: 'literal', text: pick(ODD_LITERALS, options.random) }])
    }
    return tree
  },
  'another __typename': (tree, options) => {
    const names = [
      ...options.typeNames,
      ...options.typeNames,
      'Unknown',
      '__proto__',
      'constructor',
      'String',
      '',
      INTERNAL,
    ]
    const other = (): JsonNode => literal(pick<unknown>([...names, 7, null, {}, ['x']], options.random))
    for (const { key, replace } of sitesBelow(dataOf(tree))) {
      if (key === '__typename' && options.random() < 0.5) replace(other())
    }
    return tree
  },
  'types that are none': (tree, { random }) => {
    const name = pick(['Unknown', 'String', '__proto__', 'Query', INTERNAL], random)
    for (const { key, replace } of sitesBelow(dataOf(tree))) if (key === '__typename') replace(literal(name))
    return tree
  },
  'a list of another length': (tree, options) => {
    const site = someSite(tree, options, ({ node }) => node.kind === 'list')
    if (site?.node.kind !== 'list') return tree
    const { items } = site.node
    const [first = literal(null)] = items
    const changes: (() => void)[] = [
      () => items.splice(0, 1),
      () => (items.length = 0),
      () => items.push(first),
      () => items.push(literal(null), literal(null)),
      () => items.reverse(),
      () => items.splice(0, items.length, ...Array.from({ length: 30 }, () => first)),
      () => items.fill(literal(null)),
      () => items.unshift(treeOf({ __typename: 'Unknown' })),
    ]
    pick(changes, options.random)()
    return tree
  },
  'deep nesting': inPlace((_site, { random }) => ({
    kind: 'literal',
    text: pick(
      [nested('[', ']', 200), nested('{"a":', '}', 200), nested('[', ']', 20_000), nested('{"id":', '}', 20_000)],
      random,
    ),
  })),
  several: (tree, options) => {
    const others = Object.entries(SILENT).filter(([name]) => name !== 'several')
    let damaged = tree
    for (let each = 0; each < 4; each++) damaged = pick(others, options.random)[1](damaged, options)
    return options.random() < 0.5 ? damaged : withErrors(damaged, [errorOf(sitesBelow(dataOf(damaged)), options)])
  },
}

function nested(opening: string, closing: string, depth: number): string {
  return `${opening.repeat(depth)}1${closing.repeat(depth)}`
}

/** Some of the leaves whose text begins so. Those that tell types stay. */
function replaceLeaves(
  tree: JsonNode,
  { random }: DamageOptions,
  { of, by }: { readonly of: RegExp; readonly by: readonly string[] },
): JsonNode {
  const share = pick([0.1, 0.5, 1], random)
  for (const { node, key, replace } of sitesBelow(dataOf(tree))) {
    if (node.kind !== 'literal' || key === '__typename' || random() >= share) continue
    if (of.test(node.text)) replace({ kind: 'literal', text: pick(by, random) })
  }
  return tree
}

function someSite(
  tree: JsonNode,
  { random }: DamageOptions,
  fits: (site: JsonSite) => boolean = () => true,
): JsonSite | undefined {
  const sites = sitesBelow(dataOf(tree)).filter(fits)
  return sites[Math.floor(random() * sites.length)]
}

function inPlace(make: (site: JsonSite, options: DamageOptions) => JsonNode): TreeDamage {
  return (tree, options) => {
    const site = someSite(tree, options)
    site?.replace(make(site, options))
    return tree
  }
}
