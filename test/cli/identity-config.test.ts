// The settings that say who may ask: what they mean together, and every problem told at once.
import { describe, expect, test } from 'vitest'
import { identityFromConfig } from '../../cli/identity-from-config.ts'
import { readConfig, type Environment } from '../../platform/config.ts'

const identity = (environment: Environment) => identityFromConfig(readConfig(environment).gateway.identity)

/** What one client may take unless something is said. */
const CLIENTS = {
  tokenFailures: 300,
  clientLimits: {
    sockets: 20_000,
    socketsPerClient: 1_000,
    subscriptionsPerClient: 5_000,
    subscriptionsPerSocket: 200,
  },
}

describe('the settings of identity', () => {
  test('believe no tokens by default, and bound what one client takes', () => {
    expect(identity({})).toEqual({ trustedProxies: 0, ...CLIENTS })
  })

  test('are read as the gateway takes them', () => {
    expect(
      identity({
        MESHGATE_TOKEN_ISSUERS: 'https://a.example=https://a.example/jwks.json?v=1,https://b.example=/etc/keys.json',
        MESHGATE_TOKEN_AUDIENCES: 'api, admin',
        MESHGATE_TOKEN_ALGORITHMS: 'ES256,EdDSA',
        MESHGATE_TOKEN_PREFIX: 'off',
        MESHGATE_TOKEN_FAILURES: '20',
        MESHGATE_CLAIMS_POLICIES: 'realm_access.roles',
        MESHGATE_RATE_LIMIT: '100',
        MESHGATE_TRUSTED_PROXIES: '1',
      }),
    ).toEqual({
      authentication: {
        issuers: [
          { issuer: 'https://a.example', keys: 'https://a.example/jwks.json?v=1' },
          { issuer: 'https://b.example', keys: '/etc/keys.json' },
        ],
        audiences: ['api', 'admin'],
        algorithms: ['ES256', 'EdDSA'],
        header: 'authorization',
        prefix: '',
        clockToleranceMs: 5_000,
        requireAuthentication: false,
        claims: {
          roles: ['roles'],
          scopes: ['scope', 'scp', 'scopes'],
          purposes: ['purposes'],
          policies: ['realm_access.roles'],
          kept: [],
        },
      },
      rateLimit: { operations: 100, windowMs: 60_000 },
      ...CLIENTS,
      tokenFailures: 20,
      trustedProxies: 1,
    })
  })

  test('tell all that is wrong with them at once', () => {
    const read = () =>
      identity({
        MESHGATE_TOKEN_ISSUERS: 'https://a.example=ftp://a.example/keys',
        MESHGATE_TOKEN_ALGORITHMS: 'HS256',
        MESHGATE_TOKEN_HEADER: 'two words',
        MESHGATE_REQUIRE_AUTHENTICATION: 'yes',
        MESHGATE_RATE_LIMIT: '0',
      })
    for (const name of ['TOKEN_ISSUERS', 'TOKEN_ALGORITHMS', 'TOKEN_HEADER', 'REQUIRE_AUTHENTICATION', 'RATE_LIMIT']) {
      expect(read).toThrow(`MESHGATE_${name}=`)
    }
  })

  test('need audiences where there are issuers, and issuers where tokens are required', () => {
    const issuers = { MESHGATE_TOKEN_ISSUERS: 'https://a.example=keys.json' }
    expect(() => identity(issuers)).toThrow('MESHGATE_TOKEN_ISSUERS needs MESHGATE_TOKEN_AUDIENCES')
    expect(identity({ ...issuers, MESHGATE_TOKEN_AUDIENCES: '*' })).toMatchObject({
      authentication: { audiences: null },
    })
    expect(() => identity({ MESHGATE_REQUIRE_AUTHENTICATION: 'true' })).toThrow('needs MESHGATE_TOKEN_ISSUERS')
  })
})
