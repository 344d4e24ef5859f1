// Damages a subgraph's answer at random: the whole of it, its errors, or values anywhere in its data.
import { MeshgateError } from '../../../platform/errors.ts'
import type { SubgraphResponse } from '../../../platform/ports/subgraph-endpoint.ts'
import { LOUD, NULLED, SILENT } from './damaged-data.ts'
import { errorOf } from './damaged-errors.ts'
import { dataOf, INTERNAL, pick, withErrors, type DamageOptions } from './damage-tree.ts'
import { printTree, setMember, sitesBelow, treeOf, type JsonNode } from './json-tree.ts'

/**
 * `whole`: no answer, or none that can be used. `errors`: its data is as it was. `nulled`: a null with the error that explains it. `loud`: values that no field of the type can have.
 * `silent`: what could as well be data.
 */
export type DamageKind = 'whole' | 'errors' | 'nulled' | 'loud' | 'silent'

export interface DamagedAnswer {
  readonly kind: DamageKind
  readonly name: string
  /** Rejects in place of an answer. */
  readonly failure?: Error
  readonly bytes: Buffer
}

type Damage = (tree: JsonNode, options: DamageOptions) => JsonNode | string | Buffer | Error

export function damageAnswer(
  answer: SubgraphResponse,
  kinds: readonly DamageKind[],
  options: DamageOptions,
): DamagedAnswer {
  const kind = pick(kinds, options.random)
  const [name, damage] = pick(Object.entries(DAMAGES[kind]), options.random)
  const damaged = damage(treeOf(answer), options)
  if (damaged instanceof Error) return { kind, name, failure: damaged, bytes: Buffer.alloc(0) }
  if (Buffer.isBuffer(damaged)) return { kind, name, bytes: damaged }
  return { kind, name, bytes: Buffer.from(typeof damaged === 'string' ? damaged : printTree(damaged)) }
}

const WHOLE: Record<string, Damage> = {
  timeout: () => new MeshgateError('SUBGRAPH_TIMEOUT', `${INTERNAL} was too slow`),
  unavailable: () => new MeshgateError('SUBGRAPH_UNAVAILABLE', `${INTERNAL} refused`),
  protocol: () => new MeshgateError('SUBGRAPH_PROTOCOL', `${INTERNAL} is odd`),
  'other error': () => new TypeError(`${INTERNAL} is undefined`),
  'error of another code': () => new MeshgateError('PLAN_FAILED', INTERNAL),
  'no GraphQL': (_, { random }) =>
    pick(
      ['', 'null', '[]', '1', 'true', '"x"', '{}', `<html>${INTERNAL}</html>`, '{"data":null}', '{"data":[]}'],
      random,
    ),
  'data of another type': (_, { random }) =>
    pick(
      ['{"data":1}', '{"data":"x","errors":null}', '{"data":[{}],"errors":[{"message":"x"}]}', '{"errors":[]}'],
      random,
    ),
  'no data': (_, options) => `{"data":null,"errors":[${printTree(errorOf([], options))}]}`,
  'only errors': (tree, options) => `{"errors":[${printTree(errorOf(sitesBelow(dataOf(tree)), options))}]}`,
  truncated: (tree, { random }) => {
    const text = printTree(tree)
    return text.slice(0, Math.floor(random() * text.length))
  },
  'garbage behind': (tree) => `${printTree(tree)}${INTERNAL}`,
}

const ERRORS: Record<string, Damage> = {
  'an error': (tree, options) => withErrors(tree, [errorOf(sitesBelow(dataOf(tree)), options)]),
  errors: (tree, options) =>
    withErrors(
      tree,
      Array.from({ length: 5 }, () => errorOf(sitesBelow(dataOf(tree)), options)),
    ),
  'very many errors': (tree, options) => {
    const sites = sitesBelow(dataOf(tree))
    return withErrors(
      tree,
      Array.from({ length: 700 }, () => errorOf(sites, options)),
    )
  },
  'errors that are no list': (tree, { random }) => {
    setMember(tree, 'errors', treeOf(pick<unknown>([null, {}, 'x', 1, [], { 0: { message: INTERNAL } }], random)))
    return tree
  },
}

const BYTES: Record<string, Damage> = {
  'a byte': (tree, { random }) => {
    const bytes = Buffer.from(printTree(tree))
    bytes[Math.floor(random() * bytes.length)] = pick([0xff, 0xed, 0x5c, 0x00, 0x22, 0x41, 0x31], random)
    return bytes
  },
}

const DAMAGES: Record<DamageKind, Record<string, Damage>> = {
  whole: WHOLE,
  errors: ERRORS,
  nulled: NULLED,
  loud: LOUD,
  silent: { ...SILENT, ...BYTES },
}
