// The JSON of a result, made once however many clients of a shared subscription are sent it: they get the same object.
import type { EngineResult } from '../engine-contract.ts'
import { bytesOf } from './socket-frames.ts'

const texts = new WeakMap<EngineResult, string>()

export function resultText(result: EngineResult): string {
  let text = texts.get(result)
  if (text === undefined) {
    text = JSON.stringify(result)
    texts.set(result, text)
  }
  return text
}

const bytes = new WeakMap<EngineResult, string>()

/** As the string of its UTF-8 bytes. */
export function resultBytes(result: EngineResult): string {
  let found = bytes.get(result)
  if (found === undefined) {
    found = bytesOf(resultText(result))
    bytes.set(result, found)
  }
  return found
}
