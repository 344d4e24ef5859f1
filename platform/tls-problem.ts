// Finds out why a server that listens does not answer us: it speaks TLS and we do not, or the other way round, or its certificate is not
// trusted. Waiting mends none of these. Only what is certain is told: the other way of speaking is tried, and must work. No secret is sent.
import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { MeshgateError } from './errors.ts'
import { limits } from './limits.ts'

export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** A question that a server answers to anybody, and how an answer begins. */
export interface Greeting {
  readonly question: Uint8Array
  readonly isAnswer: (bytes: Buffer) => boolean
}

export interface TlsUse {
  /** `Kafka`. */
  readonly name: string
  /** The setting that turns TLS on. */
  readonly setting: string
  readonly tls: boolean
  readonly greeting: Greeting
}

/** CONFIG_INVALID, which says what to change; null where the failure has another reason, or none that is certain. */
export async function findTlsProblem(
  failure: unknown,
  addresses: readonly ServerAddress[],
  use: TlsUse,
): Promise<MeshgateError | null> {
  const { name, setting, tls, greeting } = use
  const untrusted = tls ? certificateProblem(failure) : null
  if (untrusted !== null) {
    const where = addresses.map(addressText).join(', ')
    return new MeshgateError('CONFIG_INVALID', `The certificate of ${name} at ${where} ${untrusted}`, failure)
  }
  for (const address of addresses) {
    const found = tls ? await answersPlain(address, greeting) : await answersTls(address)
    if (!found) continue
    const message = tls
      ? `${name} at ${addressText(address)} speaks without TLS. Unset ${setting}, or name its port for TLS.`
      : `${name} at ${addressText(address)} speaks TLS. Set ${setting}=true, or name its port without TLS.`
    return new MeshgateError('CONFIG_INVALID', message, failure)
  }
  return null
}

/** The reason of a failure in words that a user can read: OpenSSL's are file names and numbers. */
export function plainReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return /SSL routines|:error:[0-9A-F]{8}:/.test(message) ? 'the TLS handshake failed' : message
}

const TRUST = 'Name the file of its authority in NODE_EXTRA_CA_CERTS.'
const CERTIFICATE_PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', `is signed by itself, and this machine does not trust it. ${TRUST}`],
  ['SELF_SIGNED_CERT_IN_CHAIN', `is signed by an authority that this machine does not trust. ${TRUST}`],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', `is signed by an authority that this machine does not know. ${TRUST}`],
  ['UNABLE_TO_GET_ISSUER_CERT', `is signed by an authority that this machine does not know. ${TRUST}`],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', `is signed by an authority that this machine does not know. ${TRUST}`],
  ['CERT_HAS_EXPIRED', 'has expired. Renew it.'],
  ['CERT_NOT_YET_VALID', 'is not valid yet. Check the clocks of both machines.'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'is for another name. Use an address that it names, or renew it.'],
])

/** Enough of an answer without TLS to know it by. */
const ANSWER_BYTES = 8
/** Drivers wrap errors, and keep those of several hosts in a record. */
const DEPTH_MAX = 4

function certificateProblem(error: unknown, depth = 0): string | null {
  if (!(error instanceof Error) || depth > DEPTH_MAX) return null
  const known = 'code' in error ? CERTIFICATE_PROBLEMS.get(String(error.code)) : undefined
  if (known !== undefined) return known
  const inner = 'innerErrors' in error ? Object.values(error.innerErrors ?? {}) : []
  for (const cause of [error.cause, ...(inner as unknown[])]) {
    const found = certificateProblem(cause, depth + 1)
    if (found !== null) return found
  }
  return null
}

function answersPlain({ host, port }: ServerAddress, greeting: Greeting): Promise<boolean> {
  const socket = connectPlain({ host, port }, () => socket.write(greeting.question))
  let bytes: Buffer = Buffer.alloc(0)
  return outcomeOf(socket, (settle) => {
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      if (bytes.length >= ANSWER_BYTES) settle(greeting.isAnswer(bytes))
    })
  })
}

/** Whoever it is: only that it speaks TLS is asked, and nothing is sent. */
function answersTls({ host, port }: ServerAddress): Promise<boolean> {
  const socket = connectTls({ host, port, rejectUnauthorized: false })
  return outcomeOf(socket, (settle) => {
    socket.once('secureConnect', () => settle(true))
  })
}

function outcomeOf(socket: Socket, listen: (settle: (found: boolean) => void) => void): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const settle = (found: boolean): void => {
    socket.destroy()
    resolve(found)
  }
  socket.setTimeout(limits.tlsProbeMs, () => settle(false))
  socket.on('error', () => settle(false))
  socket.on('close', () => settle(false))
  listen(settle)
  return promise
}

function addressText({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`
}
