// `data` that is already JSON: whoever looks at it sees the object, and where nobody has looked the text goes out as it is. Apollo Server hands
// the result of a gateway through its plugins before it turns it into text, and each of them may read or change it.
import type { FormattedExecutionResult } from 'graphql'
import { inspect } from 'node:util'

/** The text behind an object that nobody has touched. */
const texts = new WeakMap<object, string>()
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

/** `text`: JSON of an object. */
export function serializedData(text: string): Record<string, unknown> {
  const target = {}
  // console.log looks behind a proxy without asking it.
  Object.defineProperty(target, inspect.custom, { value: () => parsed(target), configurable: true })
  texts.set(target, text)
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
  if (errors === undefined && extensions === undefined) return `{"data":${text}}`
  const before = errors === undefined ? '' : `"errors":${JSON.stringify(errors)},`
  const behind = extensions === undefined ? '' : `,"extensions":${JSON.stringify(extensions)}`
  return `{${before}"data":${text}${behind}}`
}

function parsed(target: object): object {
  const text = texts.get(target)
  if (text === undefined) return target
  texts.delete(target)
  Reflect.deleteProperty(target, inspect.custom)
  for (const [key, value] of Object.entries(JSON.parse(text) as object)) {
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
