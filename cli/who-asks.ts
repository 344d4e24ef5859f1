// Who gives a command, for what is kept of it: the audit of redrives, the request of a replay.
import { hostname, userInfo } from 'node:os'

export function whoAsks(): { readonly user: string; readonly host: string } {
  return { user: userName(), host: hostname() }
}

// A container may run as a user without a name.
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown'
  }
}
