// A supergraph in a file, looked at by name: what replaces it (a rename, a link that points elsewhere, as Kubernetes swaps a config map) is seen
// as well as what is written into it. A file that is being written is waited for.
import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '../../platform/limits.ts'
import { readSupergraphFile } from '../supergraph-file.ts'
import type { SupergraphSource } from './supergraph-source.ts'

/** `seen`: how the file was when the supergraph that is served was read. */
export function fileSource(path: string, seen: string | null): SupergraphSource {
  let last = seen
  return {
    name: path,
    pollMs: limits.supergraphFilePollMs,
    // Nobody is burdened.
    pollMsMax: limits.supergraphFilePollMs,
    read: async (anyway, signal) => {
      const found = await fileSignature(path)
      if (found === last && !anyway) return null
      const settled = await settle(path, found, signal)
      if (settled === null) return null
      const text = await readSupergraphFile(path)
      // Written while it was read: the next look reads it whole.
      if ((await fileSignature(path)) !== settled) return null
      last = settled
      return text
    },
  }
}

/** Changes whenever the file does: which file it is, its size, and when it and its name were last changed. */
export async function fileSignature(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

/** The signature that it keeps for a while; null where it keeps changing. */
async function settle(path: string, found: string, signal: AbortSignal): Promise<string | null> {
  let before = found
  for (let look = 0; look < limits.supergraphFileSettlesMax; look++) {
    await sleep(limits.supergraphFileSettleMs, undefined, { signal })
    const after = await fileSignature(path)
    if (after === before) return after
    before = after
  }
  return null
}
