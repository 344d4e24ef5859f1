// The settings of the gateway that say how much of it one client may take at a time. `meshgate gateway` has an option for each.
import { limits } from './limits.ts'
import { invalid, ok, setting, type Reading, type Setting } from './setting.ts'

const MANY = 10_000_000

function readCount(text: string): Reading<number> {
  const value = /^\d{1,8}$/.test(text.trim()) ? Number(text) : -1
  return value >= 0 && value <= MANY ? ok(value) : invalid(`a number from 0 to ${MANY}, 0 for any`)
}

function count(name: string, most: number, meaning: string): Setting<number> {
  return setting(`MESHGATE_${name}`, { defaultText: String(most), meaning: `${meaning} 0: any number.` }, readCount)
}

export const CLIENT_SETTINGS = {
  tokenFailures: count(
    'TOKEN_FAILURES',
    limits.tokenFailuresMax,
    'Tokens that one address may get wrong in a minute; beyond it tokens that are not known already are refused with 429, unchecked.',
  ),
  sockets: count('SOCKETS', limits.socketsMax, "Clients' WebSockets of one process."),
  socketsPerClient: count(
    'SOCKETS_PER_CLIENT',
    limits.socketsPerClientMax,
    "WebSockets of one client: a token's subject, else an address. This machine's own addresses are no client's.",
  ),
  subscriptionsPerClient: count(
    'SUBSCRIPTIONS_PER_CLIENT',
    limits.subscriptionsPerClientMax,
    'Subscriptions of one client, over HTTP and WebSockets.',
  ),
  subscriptionsPerSocket: count(
    'SUBSCRIPTIONS_PER_SOCKET',
    limits.socketSubscriptionsMax,
    'Operations at once on one WebSocket.',
  ),
} as const
