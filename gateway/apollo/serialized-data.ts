// `data` that is already JSON: whoever looks at it sees the object, and where nobody has looked the text goes out as it is. Apollo Server hands
// the result of a gateway through its plugins before it turns it into text, and each of them may read or change it.
import type { FormattedExecutionResult } from 'graphql'
import { inspect } from 'node:util'

/** A whole answer as text, and where in it its data begins, to the last brace but one. */
interface AnswerText {
  readonly answer: string
  readonly begin: number
}

/** What stands behind an object that nobody has touched. */
const texts = new WeakMap<object, AnswerText>()
const targets = new WeakMap<object, object>()

/** Every way to an object leads over one of these; after the first the target is the parsed object, and the text is forgotten, since what it holds may be changed from now on. */
const traps: Required<Omit<ProxyHandler<object>, 'apply' | 'construct'>> = {
  get: (target, key, receiver) => Reflect.get(parsed(target), key, receiver) as unknown,
  set: (target, key, value, receiver) => Reflect.set(parsed(target), key, value, receiver),
  has: (target, key) => Reflect.has(parsed(target), key),
  deleteProperty: (target, key) => Reflect.deleteProperty(parsed(target), key),
  ownKeys: (target) => Reflect.ownKeys(parsed(target)),
  getOwnPropertyDescriptor: (target, key) => Reflect.getOwnPropertyDescriptor(parsed(target), key),
  defineProperty: (target, key, descriptor) => Reflect.defineProperty(parsed(target), key, descriptor),
  getPrototypeOf: (target) => Reflect.getPrototypeOf(parsed(target)),
  setPrototypeOf: (target, prototype) => Reflect.setPrototypeOf(parsed(target), prototype),
  isExtensible: (target) => Reflect.isExtensible(parsed(target)),
  preventExtensions: (target) => Reflect.preventExtensions(parsed(target)),
}

/** An answer without errors begins like this, and ends with its data. */
export const DATA_BEGIN = '{"data":'

/** `answer` is JSON of an object that ends with the property `data`, an object too that begins at `begin`. */
export function serializedData(answer: string, begin: number): Record<string, unknown> {
  const target = {}
  // console.log looks behind a proxy without asking it.
  Object.defineProperty(target, inspect.custom, { value: () => parsed(target), configurable: true })
  texts.set(target, { answer, begin })
  const data = new Proxy(target, traps)
  targets.set(data, target)
  return data
}

/** For `ApolloServerOptions.stringifyResult`: what its plugins have changed is in the answer. */
export function stringifyResult(result: FormattedExecutionResult): string {
  const { data, errors, extensions } = result
  const target = data === undefined || data === null ? undefined : targets.get(data)
  const text = target === undefined ? undefined : texts.get(target)
  if (text === undefined) return JSON.stringify(result)
  const { answer, begin } = text
  const isAll = errors === undefined && extensions === undefined && begin === DATA_BEGIN.length
  if (isAll) return answer
  const before = errors === undefined ? '' : `"errors":${JSON.stringify(errors)},`
  const behind = extensions === undefined ? '' : `,"extensions":${JSON.stringify(extensions)}`
  return `{${before}"data":${answer.slice(begin, -1)}${behind}}`
}

function parsed(target: object): object {
  const text = texts.get(target)
  if (text === undefined) return target
  texts.delete(target)
  Reflect.deleteProperty(target, inspect.custom)
  for (const [key, value] of Object.entries(JSON.parse(text.answer.slice(text.begin, -1)) as object)) {
    // Not by assignment: `__proto__` is a key like others.
    Object.defineProperty(target, key, {
      value: value as unknown,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return target
}
