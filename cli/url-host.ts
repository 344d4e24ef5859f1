// Hosts as they stand in URLs that are printed.
import { hostname } from 'node:os'

const LOOPBACK = ['127.0.0.1', '::1']
const ALL_ADDRESSES = ['0.0.0.0', '::']

/** Reached from this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.includes(host) || host === 'localhost'
}

/** As this machine's users open it. */
export function urlHost(host: string): string {
  return LOOPBACK.includes(host) || ALL_ADDRESSES.includes(host) ? 'localhost' : bracketed(host)
}

/** As processes reach it that may run on other machines. */
export function reachableHost(host: string): string {
  return ALL_ADDRESSES.includes(host) ? hostname() : bracketed(host)
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
