// The public keys of one issuer, by URL or from a file. Owns what it has read last: keys are read again when they are old, and at once when a
// token names one that is not among them, though not more often than a cooldown allows. While they cannot be read the last ones stay in force.
import { readFile } from 'node:fs/promises'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { MeshgateError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'

export interface KeySetOptions {
  /** URL or path. */
  readonly from: string
  readonly clock: Clock
  /** They could not be read; the ones before stay in force. */
  readonly onFailure: (error: MeshgateError) => void
}

type FindKey = ReturnType<typeof createLocalJWKSet>

export class KeySet {
  readonly #options: KeySetOptions
  #find: FindKey | null = null
  #text = ''
  #readAtMs = Number.NEGATIVE_INFINITY
  #triedAtMs = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | null = null
  /** Changes when the keys do: what was verified before is verified again. */
  generation = 0

  constructor(options: KeySetOptions) {
    this.#options = options
  }

  /** Rejects as jose does where no key fits, and with AUTHENTICATION_UNAVAILABLE where there are none yet. */
  readonly key: JWTVerifyGetKey = async (header, token) => {
    const find = await this.#current()
    try {
      return await find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayTry()) throw error
      await this.#read()
      return (this.#find ?? find)(header, token)
    }
  }

  /** Has old keys read again, without waiting for it. */
  refresh(): void {
    if (this.#isOld() && this.#mayTry()) void this.#read()
  }

  async #current(): Promise<FindKey> {
    if (this.#find !== null) {
      this.refresh()
      return this.#find
    }
    if (this.#reading !== null || this.#mayTry()) await this.#read()
    if (this.#find !== null) return this.#find
    throw new MeshgateError(
      'AUTHENTICATION_UNAVAILABLE',
      'The keys that tokens are verified with cannot be read. Retry.',
    )
  }

  #isOld(): boolean {
    return this.#options.clock.monotonic() - this.#readAtMs > limits.tokenKeysAgeMsMax
  }

  #mayTry(): boolean {
    const cooldownMs = this.#find === null ? limits.tokenKeysFirstCooldownMs : limits.tokenKeysCooldownMs
    return this.#options.clock.monotonic() - this.#triedAtMs > cooldownMs
  }

  /** Never rejects. */
  #read(): Promise<void> {
    return (this.#reading ??= this.#readOnce().finally(() => (this.#reading = null)))
  }

  async #readOnce(): Promise<void> {
    const { from, clock, onFailure } = this.#options
    this.#triedAtMs = clock.monotonic()
    try {
      const text = await readText(from)
      this.#readAtMs = clock.monotonic()
      if (text === this.#text) return
      this.#find = createLocalJWKSet(JSON.parse(text) as JSONWebKeySet)
      this.#text = text
      this.generation += 1
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      onFailure(new MeshgateError('AUTHENTICATION_UNAVAILABLE', `The keys at ${from} cannot be read: ${reason}`, error))
    }
  }
}

async function readText(from: string): Promise<string> {
  if (!/^https?:/.test(from)) return readFile(from, 'utf8')
  const response = await fetch(from, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(limits.tokenKeysTimeoutMs),
  })
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    throw new Error(`status ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.length
    if (bytes > limits.tokenKeysBytesMax) throw new Error(`more than ${limits.tokenKeysBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
