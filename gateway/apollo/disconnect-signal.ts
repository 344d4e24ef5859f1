// For the context function of an Apollo Server, which does not say itself that a client has left.
import type { ServerResponse } from 'node:http'

/** Aborts when the connection closes before the answer was written: `context: async ({ res }) => ({ signal: disconnectSignal(res) })`. */
export function disconnectSignal(response: ServerResponse): AbortSignal {
  const abort = new AbortController()
  const leave = (): void => abort.abort(new Error('The client has left.'))
  if (response.destroyed) leave()
  response.once('close', () => {
    if (!response.writableFinished) leave()
  })
  return abort.signal
}
