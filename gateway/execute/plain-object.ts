// Reading and writing response keys that clients choose: `__proto__` and `constructor` are keys like any other.

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

/** A copy that may be written to: responses of in-process subgraphs may be shared. */
export function copyData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyData)
  if (!isObject(value)) return value
  const copy: DataObject = {}
  for (const key of Object.keys(value)) writeKey(copy, key, copyData(value[key]))
  return copy
}

/**
 * Adds `source` to `target`. What is there stays, objects and lists are merged element by element, null gives way to a value.
 * Nothing of `source` is written to later: its parts are copied.
 */
export function mergeData(target: DataObject, source: DataObject): void {
  for (const key of Object.keys(source)) {
    const incoming = source[key]
    const present = readKey(target, key)
    if (present === undefined || present === null) writeKey(target, key, copyData(incoming))
    else mergeValue(present, incoming)
  }
}

function mergeValue(present: unknown, incoming: unknown): void {
  if (isObject(present) && isObject(incoming)) {
    mergeData(present, incoming)
  } else if (Array.isArray(present) && Array.isArray(incoming)) {
    const length = Math.min(present.length, incoming.length)
    for (let index = 0; index < length; index++) {
      if (present[index] === null || present[index] === undefined) present[index] = copyData(incoming[index])
      else mergeValue(present[index], incoming[index])
    }
  }
}
