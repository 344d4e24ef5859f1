// Errors as subgraphs may report them, of any shape, with paths that lead anywhere.
import { INTERNAL, pick, type DamageOptions } from './damage-tree.ts'
import { setMember, sitesBelow, treeOf, type JsonNode, type JsonSite } from './json-tree.ts'

export function errorOf(sites: readonly JsonSite[], { random }: DamageOptions): JsonNode {
  if (random() < 0.15) return treeOf(pick<unknown>([null, 'x', 1, {}, [], { message: 7 }, { message: null }], random))
  const extensions: unknown = pick<unknown>(
    [
      undefined,
      undefined,
      null,
      7,
      [],
      { code: 'INTERNAL_SERVER_ERROR', stacktrace: [INTERNAL], exception: { message: INTERNAL } },
      { code: 'INTERNAL', hint: INTERNAL },
      { code: 7, service: INTERNAL },
      { stacktrace: [INTERNAL] },
      { code: 'GONE', service: 'another', subgraphCode: 7, stacktrace: [INTERNAL], exception: INTERNAL },
      { code: 'SUBGRAPH_TIMEOUT' },
      { code: '__proto__' },
      JSON.parse('{"code":"GONE","__proto__":{"polluted":1},"constructor":{}}'),
    ],
    random,
  )
  const code: unknown = Object(extensions).code
  const isForClients = typeof code === 'string' && !code.startsWith('INTERNAL')
  const tree = treeOf({
    message: isForClients ? pick(['for clients', '', '"\u2028\ud800'], random) : INTERNAL,
    locations: [{ line: 1, column: 1 }],
    ...(extensions === undefined ? {} : { extensions }),
  })
  if (random() < 0.9) setMember(tree, 'path', oddPath(sites, random))
  return tree
}

function oddPath(sites: readonly JsonSite[], random: () => number): JsonNode {
  const choice = random()
  const texts = [
    'null',
    '"x"',
    '[]',
    '["_entities"]',
    '["_entities",99]',
    '["_entities",-1,"id"]',
    '["_entities",0.5,"id"]',
  ]
  const more = [
    '["_entities",1e400]',
    '[null]',
    '[{}]',
    '["__proto__","constructor"]',
    '[0,0]',
    '["r0",0,"__proto__"]',
    '{}',
  ]
  if (choice < 0.3 || sites.length === 0) return { kind: 'literal', text: pick([...texts, ...more], random) }
  const at = Math.floor(random() * sites.length)
  const path = keysTo(sites, at)
  const oddKeys: readonly (string | number)[] = [99, -1, 'id', '0', '__proto__', 1e9, 0]
  if (choice < 0.45) path.push(pick(oddKeys, random))
  else if (choice < 0.6 && path.length > 0) path[Math.floor(random() * path.length)] = pick(oddKeys, random)
  return treeOf(path)
}

/** The path of a site, read back from the order in which sites are listed: parents stand before what is below them. */
function keysTo(sites: readonly JsonSite[], at: number): (string | number)[] {
  const site = sites[at]
  if (site === undefined) return []
  for (let above = at - 1; above >= 0; above--) {
    const parent = sites[above]
    const isParent =
      parent?.node.kind === 'object'
        ? parent.node.entries.some(([, each]) => each === site.node)
        : parent?.node.kind === 'list' && parent.node.items.includes(site.node)
    if (isParent) return [...keysTo(sites, above), site.key]
  }
  return [site.key]
}

export function pathTo(data: JsonNode, node: JsonNode): (string | number)[] {
  const sites = sitesBelow(data)
  return keysTo(
    sites,
    sites.findIndex((each) => each.node === node),
  )
}
