// Which failures of a stream are worth another try.
import { ERROR_CODES, MeshgateError } from '../../platform/errors.ts'
import { isObject } from '../execute/plain-object.ts'

/** Whether the same call may succeed later: by the error, or by what the subgraph said. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof MeshgateError)) return false
  if (error.code !== 'SUBGRAPH_REFUSED') return error.retryable
  return Array.isArray(error.cause) && error.cause.length > 0 && error.cause.every(isPassing)
}

/** Whether an error that a subgraph reported says that the same request may succeed later. */
export function isPassing(reported: unknown): boolean {
  const extensions = isObject(reported) ? reported['extensions'] : undefined
  if (!isObject(extensions)) return false
  if (typeof extensions['retryable'] === 'boolean') return extensions['retryable']
  const code = extensions['code']
  return (
    typeof code === 'string' &&
    Object.hasOwn(ERROR_CODES, code) &&
    ERROR_CODES[code as keyof typeof ERROR_CODES].retryable
  )
}
