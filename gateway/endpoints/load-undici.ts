// undici, loaded when the first subgraph needs it: HTTP/1.1 without TLS has a client of its own, and its hundred modules take part in every start.
import { createRequire } from 'node:module'
import type * as undici from 'undici'

const require = createRequire(import.meta.url)

export function loadUndici(): typeof undici {
  return require('undici') as typeof undici
}
