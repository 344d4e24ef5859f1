// What `/health/ready` of a process says: not before its roles have started, not while a server that they stand on is away, not while it
// stops. `/health/live` only says that the process answers.
import type { ServersHealth } from '../platform/main.ts'

export interface Readiness {
  readonly ready: boolean
  readonly reasons: readonly string[]
}

export interface RoleHealth {
  readonly state: () => Readiness
  /** Why it is not ready yet; null when it is. Begins with `starting`. */
  readonly waitFor: (reason: string | null) => void
}

export function createRoleHealth(servers: ServersHealth | null): RoleHealth {
  let own: string | null = 'starting'
  const watched = servers === null ? [] : [servers.kafka, servers.cassandra]
  return {
    state: () => {
      const reasons = [own, ...watched.map((server) => server.reason())].filter((reason) => reason !== null)
      return { ready: reasons.length === 0, reasons }
    },
    waitFor: (reason) => {
      own = reason
    },
  }
}
