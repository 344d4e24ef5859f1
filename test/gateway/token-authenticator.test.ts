// Which tokens are believed: real keys, a real JWKS server, and what attackers send.
import { createHmac, createPublicKey } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuthenticationOptions } from '../../gateway/authenticate/authentication-options.ts'
import type { Authenticate, Identified } from '../../gateway/authenticate/identity.ts'
import { createTokenAuthenticator } from '../../gateway/authenticate/token-authenticator.ts'
import { limits } from '../../platform/limits.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { AUDIENCE, issueKey, startIssuer, type Issuer, type IssuedKey } from './token-issuer.ts'

let key: IssuedKey
let issuer: Issuer
let failures: string[]
let aheadMs = 0
const clock: Clock = {
  now: () => Date.now() + aheadMs,
  monotonic: () => performance.now() + aheadMs,
  sleep: () => Promise.resolve(),
}

beforeEach(async () => {
  aheadMs = 0
  failures = []
  key = await issueKey('one')
  issuer = await startIssuer([key])
})
afterEach(() => issuer.close())

function create(options: Partial<AuthenticationOptions> = {}): Authenticate {
  return createTokenAuthenticator({
    issuers: [{ issuer: issuer.issuer, keys: issuer.jwksUrl }],
    audiences: [AUDIENCE],
    ...options,
    clock,
    onFailure: (message) => failures.push(message),
  })
}

function requestWith(headers: Record<string, string>): IncomingMessage {
  return { headers, socket: { remoteAddress: '127.0.0.1' } } as unknown as IncomingMessage
}

async function ask(authenticate: Authenticate, token: string | null, header = 'authorization'): Promise<Identified> {
  const headers = token === null ? {} : { [header]: header === 'authorization' ? `Bearer ${token}` : token }
  return authenticate(requestWith(headers))
}

const refused = (message: string) => ({
  kind: 'refused',
  status: 401,
  code: 'UNAUTHENTICATED',
  message: `${message} Ask again with a token that is valid.`,
})

describe('a token that is believed', () => {
  test('becomes a principal by the configured claims', async () => {
    const token = await issuer.sign(key, {
      realm_access: { roles: ['seller', 'admin'] },
      'https://example.com/team': 'north',
      scope: 'orders:read users:read',
      scp: ['orders:write'],
      purposes: ['support'],
      secret: 'not kept',
    })
    const claims = {
      roles: ['realm_access.roles'],
      policies: ['realm_access.roles'],
      kept: ['https://example.com/team', 'absent'],
    }
    expect(await ask(create({ claims }), token)).toEqual({
      kind: 'known',
      expiresAtMs: expect.any(Number) as number,
      principal: {
        subject: 'ann',
        issuer: issuer.issuer,
        roles: ['admin', 'seller'],
        scopes: ['orders:read', 'orders:write', 'users:read'],
        purposes: ['support'],
        claims: { 'https://example.com/team': 'north' },
        policies: ['admin', 'seller'],
      },
    })
  })

  test('may stand in another header, with or without a prefix', async () => {
    const token = await issuer.sign(key)
    expect(await ask(create({ header: 'X-Token', prefix: '' }), token, 'x-token')).toMatchObject({ kind: 'known' })
    expect(await ask(create({ header: 'X-Token', prefix: '' }), token)).toMatchObject({ principal: ANONYMOUS })
  })

  test('may come in connection_init, under the name of the header in any case, or in its headers', async () => {
    const authorization = `Bearer ${await issuer.sign(key)}`
    const handshake = requestWith({})
    const authenticate = create()
    for (const parameters of [
      { authorization },
      { Authorization: authorization },
      { headers: { Authorization: authorization } },
    ]) {
      expect(await authenticate(handshake, parameters)).toMatchObject({ kind: 'known', principal: { subject: 'ann' } })
    }
  })

  test('is verified once, and then known until it expires', async () => {
    const authenticate = create()
    const token = await issuer.sign(key, {}, { expiresInS: 60 })
    const first = await ask(authenticate, token)
    const second = authenticate(requestWith({ authorization: `bearer ${token}` }))
    expect(second).toBe(first)
    aheadMs = 60_000 + limits.tokenClockToleranceMs
    expect(await ask(authenticate, token)).toMatchObject(refused('The token has expired.'))
  })

  test('may be of any configured issuer, with that issuer’s keys only', async () => {
    const otherKey = await issueKey('one', 'EdDSA')
    const other = await startIssuer([otherKey])
    const issuers = [issuer, other].map((each) => ({ issuer: each.issuer, keys: each.jwksUrl }))
    const authenticate = create({ issuers })
    expect(await ask(authenticate, await issuer.sign(key))).toMatchObject({ kind: 'known' })
    expect(await ask(authenticate, await other.sign(otherKey))).toMatchObject({ kind: 'known' })
    const stolenName = await issuer.sign(otherKey)
    expect(await ask(authenticate, stolenName)).toMatchObject(refused('The token cannot be verified.'))
    await other.close()
  })

  test('is verified with keys from a file', async () => {
    const file = join(tmpdir(), `keys-${process.pid}-${Math.random()}.json`)
    await writeFile(file, JSON.stringify({ keys: issuer.published }))
    const authenticate = create({ issuers: [{ issuer: issuer.issuer, keys: file }] })
    expect(await ask(authenticate, await issuer.sign(key))).toMatchObject({ kind: 'known' })
    expect(issuer.reads).toBe(0)
  })
})

describe('a token is refused', () => {
  test('without a valid signature, subject, audience, time or issuer', async () => {
    const authenticate = create()
    const good = await issuer.sign(key)
    const [head, body, signature] = good.split('.')
    const admin = Buffer.from(JSON.stringify({ sub: 'admin', iss: issuer.issuer, aud: AUDIENCE, exp: 9e9 }))
    const cases: [string, string][] = [
      [`${head}.${admin.toString('base64url')}.${signature}`, 'The token cannot be verified.'],
      [`${head}.${body}.`, 'The token cannot be verified.'],
      ['no token at all', 'The token cannot be verified.'],
      [await issuer.sign(key, { sub: '' }), 'The token names no subject (sub).'],
      [await issuer.sign(key, { sub: 'anonymous' }), 'The token names no subject (sub).'],
      [
        await issuer.sign(key, {}, { audience: 'another' }),
        'The claim "aud" of the token is missing or not as it must be.',
      ],
      [await issuer.sign(key, {}, { audience: null }), 'The claim "aud" of the token is missing or not as it must be.'],
      [await issuer.sign(key, {}, { expiresInS: -6 }), 'The token has expired.'],
      [
        await issuer.sign(key, {}, { expiresInS: null }),
        'The claim "exp" of the token is missing or not as it must be.',
      ],
      [await issuer.sign(key, {}, { notBeforeS: 60 }), 'The claim "nbf" of the token is missing or not as it must be.'],
      [await issuer.sign(key, { iss: 'https://elsewhere' }), 'Nobody here trusts its issuer.'],
      [await issuer.sign(key, { iss: undefined }), 'Nobody here trusts its issuer.'],
      ['x'.repeat(limits.tokenCharactersMax + 1), `The token has more than ${limits.tokenCharactersMax} characters.`],
    ]
    for (const [token, message] of cases) expect(await ask(authenticate, token)).toMatchObject(refused(message))
    expect(failures).toEqual([])
  })

  test('whatever algorithm it names: none, a symmetric one with the public key as secret, one that is not allowed', async () => {
    const rsa = await issueKey('rsa', 'RS256')
    issuer.published = [rsa.publicJwk]
    const authenticate = create({ algorithms: ['RS256'] })
    const claims = { sub: 'admin', iss: issuer.issuer, aud: AUDIENCE, exp: 9_000_000_000 }
    const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const body = text(claims)
    const unsigned = `${text({ alg: 'none' })}.${body}.`
    const pem = createPublicKey({ key: rsa.publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    const head = text({ alg: 'HS256', kid: 'rsa' })
    const mac = createHmac('sha256', pem).update(`${head}.${body}`).digest('base64url')
    expect(await ask(authenticate, await issuer.sign(rsa))).toMatchObject({ kind: 'known' })
    for (const token of [
      unsigned,
      `${head}.${body}.${mac}`,
      await issuer.sign({ ...rsa, algorithm: 'RS512' }).catch(() => unsigned),
    ]) {
      expect(await ask(authenticate, token)).toMatchObject(refused('The token cannot be verified.'))
    }
  })

  test('that is not there, only where one is required', async () => {
    expect(await ask(create(), null)).toEqual({ kind: 'known', principal: ANONYMOUS, expiresAtMs: null })
    expect(await ask(create({ requireAuthentication: true }), null)).toMatchObject({
      ...refused('The request has no token.'),
      headers: ['www-authenticate', 'Bearer'],
    })
  })
})

describe('keys', () => {
  test('that are new are read when a token names one, not more often than the cooldown allows', async () => {
    const authenticate = create()
    expect(await ask(authenticate, await issuer.sign(key))).toMatchObject({ kind: 'known' })
    const next = await issueKey('two')
    const token = await issuer.sign(next)
    expect(await ask(authenticate, token)).toMatchObject({ kind: 'refused' })
    issuer.published = [next.publicJwk]
    expect(await ask(authenticate, token)).toMatchObject({ kind: 'refused' })
    expect(issuer.reads).toBe(1)
    aheadMs = limits.tokenKeysCooldownMs + 1
    expect(await ask(authenticate, token)).toMatchObject({ kind: 'known' })
    expect(issuer.reads).toBe(2)
  })

  test('that are taken out end the tokens that they signed, verified before or not', async () => {
    const authenticate = create()
    const token = await issuer.sign(key, {}, { expiresInS: 3_600 })
    expect(await ask(authenticate, token)).toMatchObject({ kind: 'known' })
    issuer.published = [(await issueKey('two')).publicJwk]
    aheadMs = limits.tokenKeysAgeMsMax + 1
    await expect.poll(() => ask(authenticate, token)).toMatchObject({ kind: 'refused' })
  })

  test('that cannot be read leave the last ones in force; where there are none, nobody can tell', async () => {
    const authenticate = create()
    const token = await issuer.sign(key, {}, { expiresInS: 3_600 })
    issuer.status = 500
    expect(await ask(authenticate, token)).toMatchObject({ status: 503, code: 'AUTHENTICATION_UNAVAILABLE' })
    expect(failures).toEqual([`The keys at ${issuer.jwksUrl} cannot be read: status 500`])
    issuer.status = 200
    aheadMs = limits.tokenKeysCooldownMs + 1
    expect(await ask(authenticate, token)).toMatchObject({ kind: 'known' })
    issuer.status = 500
    aheadMs += limits.tokenKeysAgeMsMax + 1
    expect(await ask(authenticate, token)).toMatchObject({ kind: 'known' })
    await expect.poll(() => issuer.reads).toBe(3)
    expect(await ask(authenticate, await issuer.sign(key, { sub: 'ben' }, { expiresInS: 3_600 }))).toMatchObject({
      kind: 'known',
    })
  })
})
