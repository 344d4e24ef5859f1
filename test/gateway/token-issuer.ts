// An issuer of tokens for tests: real keys, and a real HTTP server that publishes their public halves as a JSON Web Key Set.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'

export interface IssuedKey {
  readonly kid: string
  readonly algorithm: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export interface Issuer {
  readonly issuer: string
  readonly jwksUrl: string
  /** What is published at the moment. */
  published: readonly JWK[]
  /** While it is not 200 nothing is published. */
  status: number
  /** How often the keys were read. */
  reads: number
  sign(key: IssuedKey, claims?: Record<string, unknown>, options?: SignOptions): Promise<string>
  close(): Promise<void>
}

export interface SignOptions {
  readonly expiresInS?: number | null
  readonly notBeforeS?: number
  readonly header?: Record<string, unknown>
  readonly audience?: string | null
}

export const AUDIENCE = 'meshgate'

export async function issueKey(kid: string, algorithm = 'ES256'): Promise<IssuedKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  return { kid, algorithm, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } }
}

export async function startIssuer(keys: readonly IssuedKey[]): Promise<Issuer> {
  const server = createServer((_request, response) => {
    issuer.reads++
    response.writeHead(issuer.status, { 'content-type': 'application/json' })
    response.end(issuer.status === 200 ? JSON.stringify({ keys: issuer.published }) : '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer: Issuer = {
    issuer: url,
    jwksUrl: `${url}/jwks.json`,
    published: keys.map(({ publicJwk }) => publicJwk),
    status: 200,
    reads: 0,
    sign: (key, claims = {}, options = {}) => sign(url, key, claims, options),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return issuer
}

function sign(
  issuer: string,
  { kid, algorithm, privateKey }: IssuedKey,
  claims: Record<string, unknown>,
  { expiresInS = 60, notBeforeS, header, audience = AUDIENCE }: SignOptions,
): Promise<string> {
  const nowS = Math.floor(Date.now() / 1_000)
  const token = new SignJWT({ sub: 'ann', iss: issuer, ...claims }).setProtectedHeader({
    alg: algorithm,
    kid,
    ...header,
  })
  if (expiresInS !== null) token.setExpirationTime(nowS + expiresInS)
  if (notBeforeS !== undefined) token.setNotBefore(nowS + notBeforeS)
  if (audience !== null) token.setAudience(audience)
  return token.sign(privateKey)
}
