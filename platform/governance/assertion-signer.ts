// Signs assertions with the gateway's key, and keeps each for as long as it is good, so that a request to a subgraph costs a look-up. Owns
// nothing but them: they go with their principal.
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto'
import { MeshgateError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'
import { ASSERTION_ISSUER, ASSERTION_TYPE, claimsOf } from './assertion.ts'
import type { Principal } from './principal.ts'

export interface AssertionSigner {
  /** For this subgraph alone, good for at least a while. */
  assert(principal: Principal, subgraph: string): string
  /** JSON Web Key Set of what verifies them. */
  readonly publicKeys: string
}

interface Kept {
  readonly token: string
  readonly renewAtMs: number
}

/** `privateKey`: PEM of an Ed25519 key (`openssl genpkey -algorithm ed25519`). CONFIG_INVALID where it is none. */
export function createAssertionSigner(privateKey: string, clock: Clock): AssertionSigner {
  const key = readKey(privateKey)
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  const id = createHash('sha256')
    .update(x ?? '')
    .digest('base64url')
    .slice(0, 16)
  const head = encode({ alg: 'EdDSA', typ: ASSERTION_TYPE, kid: id })
  const kept = new WeakMap<Principal, Map<string, Kept>>()
  return {
    publicKeys: JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', x, kid: id, alg: 'EdDSA', use: 'sig' }] }),
    assert: (principal, subgraph) => {
      const nowMs = clock.now()
      const ofPrincipal = kept.get(principal) ?? new Map<string, Kept>()
      const known = ofPrincipal.get(subgraph)
      if (known !== undefined && known.renewAtMs > nowMs) return known.token
      const iat = Math.floor(nowMs / 1_000)
      const exp = iat + limits.assertionMs / 1_000
      const body = encode({ ...claimsOf(principal), iss: ASSERTION_ISSUER, aud: subgraph, iat, exp })
      const signature = sign(null, Buffer.from(`${head}.${body}`), key).toString('base64url')
      const token = `${head}.${body}.${signature}`
      ofPrincipal.set(subgraph, { token, renewAtMs: exp * 1_000 - limits.assertionRenewedBeforeMs })
      kept.set(principal, ofPrincipal)
      return token
    },
  }
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below: what is wrong with a private key is not for a log.
  }
  const message =
    'The key that assertions are signed with is no Ed25519 private key in PEM. Make one: openssl genpkey -algorithm ed25519 -out assertion.pem'
  throw new MeshgateError('CONFIG_INVALID', message)
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
