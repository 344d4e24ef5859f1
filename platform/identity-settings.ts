// The settings of the gateway that say who may ask, by which tokens, and how often. `meshgate gateway` has an option for each.
import { limits } from './limits.ts'
import { invalid, ok, readSwitch, readText, setting, type Reading } from './setting.ts'

/** In place of a prefix: the header holds the token alone. */
const NO_PREFIX = 'off'
/** In place of audiences. */
const ANY_AUDIENCE = '*'

/** Asymmetric ones: whoever has the public key of one cannot make a signature with it. */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number]

export interface TokenIssuerSetting {
  readonly issuer: string
  readonly keys: string
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i
/** Minutes: clocks that differ by more are wrong. */
const CLOCK_TOLERANCE_MS_MAX = 300_000
const RATE_MAX = 1_000_000_000
/** A day. */
const RATE_WINDOW_MS_MAX = 86_400_000
/** More than stand in a row anywhere. */
const PROXIES_MAX = 16

function items(text: string): string[] {
  return text.split(',').map((item) => item.trim())
}

function readNames(what: string, example: string): (text: string) => Reading<readonly string[]> {
  return (text) => {
    const names = items(text)
    return names.includes('') ? invalid(`${what} with commas between them, for example ${example}`) : ok(names)
  }
}

function readIssuers(text: string): Reading<readonly TokenIssuerSetting[]> {
  const found = text.split(/,(?=[^,=]*=)/).map((pair) => {
    const [, issuer = '', keys = ''] = /^\s*([^=\s]+)\s*=\s*(\S.*?)\s*$/.exec(pair) ?? []
    return { issuer, keys }
  })
  const areKeys = found.every(({ issuer, keys }) => issuer !== '' && keys !== '' && isUrlOrPath(keys))
  return areKeys && new Set(found.map(({ issuer }) => issuer)).size === found.length
    ? ok(found)
    : invalid(
        'each issuer once, as ISSUER=URL or ISSUER=FILE of its public keys (JWKS), commas between them, for example https://id.example.com=https://id.example.com/jwks.json',
      )
}

function isUrlOrPath(text: string): boolean {
  return /^https?:\/\//.test(text) ? URL.canParse(text) : !text.includes('://')
}

function readAlgorithms(text: string): Reading<readonly TokenAlgorithm[]> {
  const names = items(text)
  const known = TOKEN_ALGORITHMS.filter((name) => names.includes(name))
  return known.length === names.length
    ? ok(known)
    : invalid(`some of ${TOKEN_ALGORITHMS.join(', ')}, with commas between them`)
}

function readHeader(text: string): Reading<string> {
  const name = text.trim()
  return HEADER_NAME.test(name) ? ok(name) : invalid('the name of a header, for example authorization')
}

function readPrefix(text: string): Reading<string> {
  const prefix = text.trim()
  if (prefix === NO_PREFIX) return ok('')
  return /^\S+$/.test(prefix) ? ok(prefix) : invalid(`one word, for example Bearer, or ${NO_PREFIX}`)
}

function readAudiences(text: string): Reading<readonly string[] | typeof ANY_AUDIENCE> {
  if (text.trim() === ANY_AUDIENCE) return ok(ANY_AUDIENCE)
  return readNames('audiences', 'https://api.example.com')(text)
}

function readWhole(least: number, most: number): (text: string) => Reading<number> {
  return (text) => {
    const value = /^\d{1,10}$/.test(text.trim()) ? Number(text) : -1
    return value >= least && value <= most ? ok(value) : invalid(`a number from ${least} to ${most}`)
  }
}

const readClaims = readNames('names of claims', 'roles,realm_access.roles')

function claims(name: string, defaultText: string | null, meaning: string) {
  const how =
    'Each a list or a text with spaces between; `realm_access.roles` leads into an object. Commas between them.'
  return setting(name, { defaultText, meaning: `${meaning} ${how}` }, readClaims)
}

export const IDENTITY_SETTINGS = {
  tokenIssuers: setting(
    'MESHGATE_TOKEN_ISSUERS',
    {
      defaultText: null,
      meaning:
        'Whose tokens (JWT) are believed: `ISSUER=URL` or `ISSUER=FILE` of its public keys (JWKS), commas between them. Unset: everybody is nobody in particular.',
    },
    readIssuers,
  ),
  tokenAudiences: setting(
    'MESHGATE_TOKEN_AUDIENCES',
    {
      defaultText: null,
      meaning:
        "Audiences, one of which a token must be for, commas between them; `*`: any, also other services' tokens then open this one. Needed where issuers are set.",
    },
    readAudiences,
  ),
  tokenAlgorithms: setting(
    'MESHGATE_TOKEN_ALGORITHMS',
    {
      defaultText: TOKEN_ALGORITHMS.join(','),
      meaning: 'Algorithms that tokens may be signed with, commas between them. Symmetric ones are never believed.',
    },
    readAlgorithms,
  ),
  tokenHeader: setting(
    'MESHGATE_TOKEN_HEADER',
    {
      defaultText: 'authorization',
      meaning: 'The header that holds the token; of a WebSocket also what connection_init has under this name.',
    },
    readHeader,
  ),
  tokenPrefix: setting(
    'MESHGATE_TOKEN_PREFIX',
    { defaultText: 'Bearer', meaning: `What stands before the token there; \`${NO_PREFIX}\`: nothing.` },
    readPrefix,
  ),
  tokenClockToleranceMs: setting(
    'MESHGATE_TOKEN_CLOCK_TOLERANCE_MS',
    {
      defaultText: String(limits.tokenClockToleranceMs),
      meaning: 'How far the clocks of issuer and gateway may differ, in milliseconds.',
    },
    readWhole(0, CLOCK_TOLERANCE_MS_MAX),
  ),
  requireAuthentication: setting(
    'MESHGATE_REQUIRE_AUTHENTICATION',
    { defaultText: 'false', meaning: '`true`: requests without a token are refused. Needs issuers.' },
    readSwitch,
  ),
  claimsOfRoles: claims('MESHGATE_CLAIMS_ROLES', 'roles', 'Claims of a token that hold roles.'),
  claimsOfScopes: claims(
    'MESHGATE_CLAIMS_SCOPES',
    'scope,scp,scopes',
    'Claims of a token that hold scopes (`@requiresScopes`).',
  ),
  claimsOfPurposes: claims('MESHGATE_CLAIMS_PURPOSES', 'purposes', 'Claims of a token that hold purposes.'),
  claimsOfPolicies: claims(
    'MESHGATE_CLAIMS_POLICIES',
    null,
    'Claims of a token that hold names of policies which are met (`@policy`); with `roles` a role is a policy. Unset: no policy is met.',
  ),
  claimsKept: setting(
    'MESHGATE_CLAIMS_KEPT',
    { defaultText: null, meaning: 'Other claims of a token that are part of the principal, commas between them.' },
    readClaims,
  ),
  assertionKey: setting(
    'MESHGATE_ASSERTION_KEY',
    {
      defaultText: null,
      meaning:
        'File with the Ed25519 private key, in PEM, by which the gateway tells its own subgraphs who asks (`openssl genpkey -algorithm ed25519`); the same for all instances. Its public key is at `/.well-known/jwks.json`. Unset: subgraphs over the network are not told.',
    },
    readText,
  ),
  subgraphAsserted: setting(
    'MESHGATE_SUBGRAPH_ASSERTED',
    {
      defaultText: null,
      meaning: 'Names of further subgraphs that are told who asks, commas between them. Own ones always are.',
    },
    readNames('names of subgraphs', 'reviews'),
  ),
  rateLimit: setting(
    'MESHGATE_RATE_LIMIT',
    {
      defaultText: null,
      meaning:
        'Operations that one client may run in a window: by its subject, without a token by its address. Each worker counts by itself. Unset: any number.',
    },
    readWhole(1, RATE_MAX),
  ),
  rateCost: setting(
    'MESHGATE_RATE_COST',
    {
      defaultText: null,
      meaning:
        'What the operations of one client may cost together in a window, by `@cost` and `@listSize`. A whole answer that is shared costs who asked first. Unset: anything.',
    },
    readWhole(1, RATE_MAX),
  ),
  rateWindowMs: setting(
    'MESHGATE_RATE_WINDOW_MS',
    {
      defaultText: '60000',
      meaning: 'The window of the rate limit, in milliseconds; its operations come back evenly.',
    },
    readWhole(1, RATE_WINDOW_MS_MAX),
  ),
  trustedProxies: setting(
    'MESHGATE_TRUSTED_PROXIES',
    {
      defaultText: '0',
      meaning:
        "How many proxies stand before the gateway and append to `X-Forwarded-For`: the client's address is so many from its end. 0: the connection's.",
    },
    readWhole(0, PROXIES_MAX),
  ),
} as const
