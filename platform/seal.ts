// Sealed tokens: values that leave the house and come back, which nobody outside can read, alter or use for another purpose.
// AES-256-GCM; the purpose is authenticated with the value. Equal values give equal tokens, so that answers stay comparable.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync } from 'node:crypto'
import { MeshgateError } from './errors.ts'

export interface Sealer {
  /** A token of URL-safe characters. `value` is anything that JSON holds. */
  seal(purpose: string, value: unknown): string
  /** The value. CURSOR_INVALID where the token is none, was altered, or was sealed with another key or for another purpose. */
  unseal(purpose: string, token: string): unknown
}

const FORMAT = 1
const KEY_BYTES_MIN = 32
const KEY_ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + KEY_ID_BYTES

const derived = (key: Uint8Array, label: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), `meshgate ${label}`, bytes))

const refused = (why: string): MeshgateError =>
  new MeshgateError(
    'CURSOR_INVALID',
    `The cursor ${why}. Ask without it: a list starts at its beginning, a stream with what is new.`,
  )

/** `key` is at least 32 secret bytes, the same on all instances that shall read each other's tokens. */
export function createSealer(key: Uint8Array): Sealer {
  if (key.byteLength < KEY_BYTES_MIN) {
    throw new MeshgateError(
      'CONFIG_INVALID',
      `The cursor key has ${key.byteLength} bytes; set MESHGATE_CURSOR_KEY to at least ${KEY_BYTES_MIN} random ones`,
    )
  }
  // Key objects: preparing them from bytes at each use took three quarters of a seal's time (measured: 21 µs instead of 5).
  const sealingKey = createSecretKey(derived(key, 'seal', 32))
  const nonceKey = createSecretKey(derived(key, 'nonce', 32))
  const head = Buffer.concat([Buffer.from([FORMAT]), derived(key, 'key id', KEY_ID_BYTES)])

  return {
    seal(purpose, value) {
      const text = JSON.stringify(value)
      // Made from what is sealed, so that it repeats only where the whole token does: random nonces would be used up after 2^32.
      const nonce = createHmac('sha256', nonceKey)
        .update(`${purpose.length}:${purpose}${text}`)
        .digest()
        .subarray(0, NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce).setAAD(Buffer.from(purpose))
      const sealed = Buffer.concat([head, nonce, cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url')
    },

    unseal(purpose, token) {
      const bytes = Buffer.from(token, 'base64url')
      const sealedEnd = bytes.length - TAG_BYTES
      if (sealedEnd < HEAD_BYTES + NONCE_BYTES || bytes.toString('base64url') !== token)
        throw refused('is not one that was given out here')
      if (!bytes.subarray(0, HEAD_BYTES).equals(head)) throw refused('was sealed with another key')
      const nonce = bytes.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(bytes.subarray(sealedEnd))
      try {
        const text = decipher.update(bytes.subarray(HEAD_BYTES + NONCE_BYTES, sealedEnd), undefined, 'utf8')
        return JSON.parse(text + decipher.final('utf8')) as unknown
      } catch (error) {
        throw new MeshgateError(
          'CURSOR_INVALID',
          'The cursor was altered, or comes from another field or other arguments. Use it where it was given out.',
          error,
        )
      }
    },
  }
}
