// What the process that holds the data directory answers when it refuses what a command asks: told as it tells it, whichever command asked.
import { ERROR_CODES, MeshgateError, type FailureCode } from '../platform/errors.ts'

/** LOAD_REFUSED where the answer has no code of ours. */
export function refusedByHolder(url: string, status: number, text: string): MeshgateError {
  const { code, message } = answered(text)
  if (code in ERROR_CODES && message !== '') return new MeshgateError(code as FailureCode, message)
  return new MeshgateError('LOAD_REFUSED', `The process at ${url} answered ${status}: ${text.trim()}`)
}

function answered(text: string): { readonly code: string; readonly message: string } {
  try {
    const { code = '', message = '' } = JSON.parse(text) as { code?: unknown; message?: unknown }
    return { code: String(code), message: String(message) }
  } catch {
    return { code: '', message: '' }
  }
}
