// Tokens of clients who differ in their subjects: a key made for the run, its public half in a file as an issuer publishes it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportJWK, exportPKCS8, generateKeyPair, importPKCS8, SignJWT } from 'jose'

const ISSUER = 'https://issuer.example.com'
const AUDIENCE = 'bench'
const ALGORITHM = 'ES256'

export interface TokenKey {
  /** PKCS #8, PEM. */
  readonly privateKey: string
  /** Settings of a gateway that believes its tokens. */
  readonly environment: Readonly<Record<string, string>>
}

export async function makeTokenKey(directory: string): Promise<TokenKey> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const file = join(directory, 'jwks.json')
  await writeFile(file, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: ALGORITHM }] }))
  return {
    privateKey: await exportPKCS8(privateKey),
    environment: { MESHGATE_TOKEN_ISSUERS: `${ISSUER}=${file}`, MESHGATE_TOKEN_AUDIENCES: AUDIENCE },
  }
}

/** A token of a subject, good for an hour. */
export async function tokensBy(privateKey: string): Promise<(subject: string) => Promise<string>> {
  const key = await importPKCS8(privateKey, ALGORITHM)
  return (subject) =>
    new SignJWT({ scope: 'read' })
      .setProtectedHeader({ alg: ALGORITHM, kid: 'bench' })
      .setSubject(subject)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key)
}
