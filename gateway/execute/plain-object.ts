// Reading and writing response keys that clients choose: `__proto__` and `constructor` are keys like any other.
import { limits } from '../../platform/limits.ts'

export type DataObject = Record<string, unknown>

export function isObject(value: unknown): value is DataObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Own properties only where the name also exists on Object.prototype; a plain read otherwise. */
export function reader(key: string): (object: DataObject) => unknown {
  if (key in Object.prototype) return (object) => (Object.hasOwn(object, key) ? object[key] : undefined)
  return (object) => object[key]
}

export function readKey(object: DataObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

export function writeKey(object: DataObject, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    object[key] = value
  }
}

/** A copy that may be written to, as deep as anything is ever written: responses of in-process subgraphs may be shared. */
export function copyData(value: unknown, levels: number = limits.scalarDepthMax): unknown {
  if (levels === 0) return value
  if (Array.isArray(value)) return value.map((item) => copyData(item, levels - 1))
  if (!isObject(value)) return value
  const copy: DataObject = {}
  for (const key of Object.keys(value)) writeKey(copy, key, copyData(value[key], levels - 1))
  return copy
}

/** Whether it goes deeper than anything a client or JSON.stringify should have to follow. */
export function isTooDeep(value: unknown, levels: number = limits.scalarDepthMax): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const inner of Array.isArray(value) ? value : Object.values(value)) if (isTooDeep(inner, levels - 1)) return true
  return false
}
