// Asks each server at intervals whether it can be used, so that health knows without anybody's request.
import { MeshgateError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import type { ServerHealth } from './server-health.ts'

export interface WatchedServer {
  readonly health: ServerHealth
  ping(): Promise<void>
}

export interface ServerWatch {
  close(): void
}

export function watchServers(servers: readonly WatchedServer[], clock: Clock): ServerWatch {
  const ended = new AbortController()
  for (const server of servers) void watch(server, clock, ended.signal)
  return { close: () => ended.abort() }
}

/** Never rejects. */
async function watch(server: WatchedServer, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    const slept = await clock.sleep(limits.serverPingIntervalMs, signal).then(
      () => true,
      () => false,
    )
    if (!slept) return
    const error = await failureOf(server, clock, signal)
    if (signal.aborted) return
    if (error === null) server.health.there()
    else server.health.away(error)
  }
}

/** A server that hangs is as good as away. */
async function failureOf(server: WatchedServer, clock: Clock, ended: AbortSignal): Promise<unknown> {
  const answered = new AbortController()
  const signal = AbortSignal.any([answered.signal, ended])
  const { name, unavailable } = server.health
  const late = clock.sleep(limits.serverPingTimeoutMs, signal).then(
    () => new MeshgateError(unavailable, `${name} did not answer in ${limits.serverPingTimeoutMs} ms.`),
    () => null,
  )
  try {
    return await Promise.race([late, server.ping().then(() => null)])
  } catch (error) {
    return error
  } finally {
    answered.abort()
  }
}
