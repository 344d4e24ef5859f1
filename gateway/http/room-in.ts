// Backpressure of one response.
import type { ServerResponse } from 'node:http'

/** After a `write` that was one too many: resolves when there is room for more, or nobody to write to. */
export function roomIn(response: ServerResponse): Promise<void> {
  if (response.destroyed || !response.writableNeedDrain) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
