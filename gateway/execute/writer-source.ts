// Generates the source of a response writer: one function for every object of the response's tree, which returns its JSON or, where anything
// is not as it should be, undefined. No client's text gets into the source except as a JSON string.
import {
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql'
import { invariant } from '../../platform/errors.ts'
import type { Plan, ResponseField, ResponseObject } from '../plan/plan.ts'
import { quote } from './json-text.ts'
import { linkKey } from './link-key.ts'
import { possibleTypes, readType } from './project-response.ts'
import type { NeedsOf, ResponseNeeds } from './response-needs.ts'
import { positionAt } from './walk-route.ts'

export interface WriterSource {
  readonly text: string
  /** What its free names stand for: `c0`, `c1`, … */
  readonly constants: readonly unknown[]
}

/** Texts by name of the built-in scalars; `any` for the others. Of clean answers strings are written as they are. */
const LEAF_TEXTS: Readonly<Record<string, string>> = {
  String: 'string',
  ID: 'id',
  Int: 'text.int',
  Float: 'text.float',
  Boolean: 'text.boolean',
}

const PIECE_CHARACTERS = 16_384

export class WriterGenerator {
  readonly #plan: Plan
  readonly #schema: GraphQLSchema
  readonly #needsOf: NeedsOf
  readonly #functions: string[] = []
  readonly #constants: unknown[] = []
  readonly #constantNames = new Map<unknown, string>()
  #names = 0

  constructor(plan: Plan, schema: GraphQLSchema, needsOf: NeedsOf) {
    this.#plan = plan
    this.#schema = schema
    this.#needsOf = needsOf
  }

  /** Body of a function that takes `text` and gives the writer. */
  generate(): WriterSource {
    const root = this.#object(this.#plan.response, null)
    const text = `"use strict"
let roots, introspection, isShared, isClean
const string = (v) => typeof v === 'string' ? (isClean ? '"' + v + '"' : text.quote(v)) : undefined
const id = (v) => typeof v === 'string' ? (isClean ? '"' + v + '"' : text.quote(v)) : text.id(v)
${this.#functions.join('\n')}
return (r, i, s, c) => {
  roots = r
  introspection = i
  isShared = s
  isClean = c
  try { return ${root}() } finally { roots = introspection = isShared = undefined }
}`
    return { text, constants: this.#constants }
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  #constant(value: unknown): string {
    const known = this.#constantNames.get(value)
    if (known !== undefined) return known
    const name = `c${this.#constants.length}`
    this.#constants.push(value)
    this.#constantNames.set(value, name)
    return name
  }

  /** Writes the function of a node and returns its name. Its parameters are the position's field sources that it needs. */
  #object(node: ResponseObject, declared: GraphQLOutputType | null): string {
    const name = this.#name('n')
    const needs = this.#needsOf(node)
    const memo = needs.decidedBy === null ? null : { ...needs.decidedBy, key: this.#constant(Symbol('text')) }
    const body = [
      ...this.#sources(node, needs),
      'let o',
      ...(memo === null
        ? []
        : [
            `const isKept = isShared(${memo.link}) && s${memo.source} != null`,
            `if (isKept && (o = s${memo.source}[${memo.key}]) !== undefined) return o`,
          ]),
      ...this.#typeCheck(node, declared),
      ...this.#fields(node),
      `o += '}'`,
      ...(memo === null ? [] : [`if (isKept) s${memo.source}[${memo.key}] = text.flat(o)`]),
      'return o',
    ]
    this.#functions.push(`function ${name}(${this.#parameters(node).join(', ')}) {\n${body.join('\n')}\n}`)
    return name
  }

  #parameters(node: ResponseObject): string[] {
    const { sources } = positionAt(this.#plan, node.position)
    return this.#needsOf(node)
      .sources.filter((source) => sources[source]?.kind === 'field')
      .map((source) => `s${source}`)
  }

  #sources(node: ResponseObject, needs: ResponseNeeds): string[] {
    const { sources } = positionAt(this.#plan, node.position)
    return needs.sources.flatMap((source) => {
      const step = sources[source]
      if (step?.kind === 'root') return [`const s${source} = roots[${step.fetch}]`]
      if (step?.kind !== 'link') return []
      const key = this.#constant(linkKey(step.link))
      return [`const s${source} = s${step.of} == null ? undefined : s${step.of}[${key}]`]
    })
  }

  #typeCheck(node: ResponseObject, declared: GraphQLOutputType | null): string[] {
    const { typename } = positionAt(this.#plan, node.position)
    if ('constant' in typename) {
      return this.#schema.getType(typename.constant) === undefined ? ['return undefined'] : []
    }
    const possible = declared === null ? new Set<string>() : possibleTypes(declared, this.#schema)
    const source = `s${typename.source}`
    return [
      `const typename = ${source} == null ? undefined : ${source}["__typename"]`,
      `if (!${this.#constant(possible)}.has(typename)) return undefined`,
    ]
  }

  #fields(node: ResponseObject): string[] {
    const { typename } = positionAt(this.#plan, node.position)
    const constant = 'constant' in typename ? typename.constant : null
    const fields = node.fields.filter(
      (field) =>
        field.kind === 'introspection' || field.types === null || constant === null || field.types.includes(constant),
    )
    const isConditional = (field: ResponseField): boolean =>
      constant === null && field.kind !== 'introspection' && field.types !== null
    // Where the first fields depend on the type, only running tells which one has no comma in front.
    const isFixed = !fields.some(isConditional)
    const lines: string[] = isFixed ? [`o = '{'`] : [`o = '{'`, `let comma = ''`]
    for (const [index, field] of fields.entries()) {
      const key = `${JSON.stringify(field.responseKey)}:`
      const opening = isFixed ? JSON.stringify(index === 0 ? key : `,${key}`) : `comma + ${JSON.stringify(key)}`
      const written = [`o += ${opening}`, ...this.#value(field, constant), ...(isFixed ? [] : [`comma = ','`])]
      if (isConditional(field) && 'types' in field) {
        lines.push(`if (${this.#constant(new Set(field.types))}.has(typename)) {`, ...written, '}')
      } else lines.push(...written)
    }
    return lines
  }

  #value(field: ResponseField, constant: string | null): string[] {
    switch (field.kind) {
      case 'typename':
        return [constant === null ? `o += text.quote(typename)` : `o += ${JSON.stringify(quote(constant))}`]
      case 'denied':
        return [field.type.endsWith('!') ? 'return undefined' : `o += 'null'`]
      case 'introspection':
        return [`o += JSON.stringify(${read('introspection', field.responseKey)} ?? null)`]
      case 'leaf': {
        const value = this.#name('v')
        const source = `s${field.source}`
        return [
          `const ${value} = ${source} == null ? undefined : ${read(source, field.key)}`,
          ...this.#leaf(value, readType(field.type, this.#schema)),
        ]
      }
      case 'object':
        return this.#child(field.child, readType(field.type, this.#schema))
    }
  }

  #leaf(value: string, type: GraphQLOutputType): string[] {
    const nullable = !isNonNullType(type)
    const inner = isNonNullType(type) ? type.ofType : type
    const write = isListType(inner)
      ? this.#loop(value, (item) => this.#leaf(item, inner.ofType as GraphQLOutputType))
      : this.#leafText(value, inner)
    if (!nullable) return write
    return [`if (${value} == null) o += 'null'`, 'else {', ...write, '}']
  }

  #leafText(value: string, type: GraphQLOutputType): string[] {
    invariant(isLeafType(type), 'a leaf of the response has a leaf type')
    const written = this.#name('t')
    // A custom scalar's null is not written here, but its own function would.
    const guard = isEnumType(type) || LEAF_TEXTS[type.name] !== undefined ? '' : `${value} == null ? undefined : `
    return [
      `const ${written} = ${guard}${this.#leafCall(type, value)}`,
      `if (${written} === undefined) return undefined`,
      `o += ${written}`,
    ]
  }

  #leafCall(type: GraphQLLeafType, value: string): string {
    if (!isEnumType(type)) return `${LEAF_TEXTS[type.name] ?? 'text.any'}(${value})`
    const texts = new Map(type.getValues().map(({ name }) => [name, JSON.stringify(name)]))
    return `${this.#constant(texts)}.get(${value})`
  }

  #loop(list: string, item: (name: string) => string[]): string[] {
    const [index, name] = [this.#name('i'), this.#name('e')]
    return [
      `if (!Array.isArray(${list})) return undefined`,
      `o += '['`,
      `for (let ${index} = 0; ${index} < ${list}.length; ${index}++) {`,
      `if (${index} !== 0) o += ','`,
      `const ${name} = ${list}[${index}]`,
      ...item(name),
      '}',
      `o += ']'`,
    ]
  }

  #child(child: ResponseObject, declared: GraphQLOutputType): string[] {
    const write = this.#object(child, declared)
    const { sources } = positionAt(this.#plan, child.position)
    const values: string[] = []
    const lines = this.#needsOf(child).sources.flatMap((source) => {
      const step = sources[source]
      if (step?.kind !== 'field') return []
      const value = this.#name('v')
      values.push(value)
      return [`const ${value} = s${step.of} == null ? undefined : ${read(`s${step.of}`, step.key)}`]
    })
    return [...lines, ...this.#objects(values, declared, { write, into: 'o' })]
  }

  /** `values`: of the field sources, the first decides. `into`: the variable that takes the text. */
  #objects(values: readonly string[], type: GraphQLOutputType, { write, into }: ObjectWriting): string[] {
    const nullable = !isNonNullType(type)
    const inner = isNonNullType(type) ? type.ofType : type
    const [first = 'undefined', ...others] = values
    const body = isListType(inner)
      ? this.#objectLoop(first, others, { type: inner.ofType as GraphQLOutputType, write, into })
      : this.#objectText(values, { write, into })
    if (nullable) return [`if (${first} == null) ${into} += 'null'`, 'else {', ...body, '}']
    return body
  }

  /** Long lists are brought into one piece every few kilobytes: a tree of all their parts would be dear to keep and to collect. */
  #objectLoop(
    first: string,
    others: readonly string[],
    { type, write, into }: ObjectWriting & { readonly type: GraphQLOutputType },
  ): string[] {
    const [index, name, items] = [this.#name('i'), this.#name('e'), this.#name('l')]
    const beside = others.map((list) => ({ list, name: this.#name('e') }))
    return [
      `if (!Array.isArray(${first})) return undefined`,
      ...others.map((list) => `if (${list} != null && !Array.isArray(${list})) return undefined`),
      `let ${items} = '['`,
      `for (let ${index} = 0; ${index} < ${first}.length; ${index}++) {`,
      `if (${index} !== 0) ${items} += ','`,
      `const ${name} = ${first}[${index}]`,
      ...beside.map((each) => `const ${each.name} = Array.isArray(${each.list}) ? ${each.list}[${index}] : undefined`),
      ...this.#objects([name, ...beside.map((each) => each.name)], type, { write, into: items }),
      `if (${items}.length > ${PIECE_CHARACTERS}) { ${into} += text.flat(${items}); ${items} = '' }`,
      '}',
      `${into} += ${items} + ']'`,
    ]
  }

  #objectText(values: readonly string[], { write, into }: ObjectWriting): string[] {
    const written = this.#name('t')
    const [first = 'undefined', ...others] = values
    return [
      `if (typeof ${first} !== 'object' || ${first} === null || Array.isArray(${first})) return undefined`,
      ...others.map(
        (each) => `if (${each} != null && (typeof ${each} !== 'object' || Array.isArray(${each}))) return undefined`,
      ),
      `const ${written} = ${write}(${values.join(', ')})`,
      `if (${written} === undefined) return undefined`,
      `${into} += ${written}`,
    ]
  }
}

interface ObjectWriting {
  /** Name of the function that writes one object. */
  readonly write: string
  readonly into: string
}

function read(object: string, key: string): string {
  const name = JSON.stringify(key)
  return key in Object.prototype
    ? `(Object.hasOwn(${object}, ${name}) ? ${object}[${name}] : undefined)`
    : `${object}[${name}]`
}
