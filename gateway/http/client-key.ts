// Which client a request is of, where clients are counted: its token's subject, else its address.
import { isIPv6 } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'

/** `trustedProxies`: how many append to X-Forwarded-For. 0: the header is not read. */
export function clientKey(request: IncomingMessage, principal: Principal, trustedProxies: number): string {
  if (principal === ANONYMOUS) return addressKey(request, trustedProxies)
  const { subject, issuer = '' } = principal
  return `${issuer} ${subject}`
}

/** Of whoever asks, before it is known who that is. */
export function addressKey(request: IncomingMessage, trustedProxies: number): string {
  return `@${clientAddress(request, trustedProxies)}`
}

/** Each proxy appends the address that it was asked from: what stands before is the client's own word. Whoever has an IPv6 /64 is one client. */
export function clientAddress({ headers, socket }: IncomingMessage, trustedProxies: number): string {
  const { remoteAddress = '' } = socket
  const forwarded = headers['x-forwarded-for']
  const said = trustedProxies === 0 || forwarded === undefined ? [] : String(forwarded).split(',')
  const address = said.at(-Math.min(trustedProxies, said.length))?.trim() ?? remoteAddress
  return isIPv6(address) && !address.startsWith('::ffff:') ? networkOf(address) : address
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : Math.max(0, 8 - groups.length - behind.length)
  return [...groups, ...Array.from({ length: missing }, () => '0'), ...behind]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
