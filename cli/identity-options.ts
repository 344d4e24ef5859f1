// The options of `meshgate gateway` for who may ask and how often: each stands for a setting.
import type { SettingOption } from './setting-option.ts'

export const IDENTITY_OPTIONS: readonly SettingOption[] = [
  {
    flag: '--token-issuer <ISSUER=KEYS>',
    description: 'whose tokens are believed, and the URL or file of its public keys (JWKS)',
    setting: 'tokenIssuers',
    several: true,
  },
  { flag: '--token-audience <NAME>', description: 'whom tokens must be for', setting: 'tokenAudiences', several: true },
  {
    flag: '--token-algorithm <NAME>',
    description: 'how tokens may be signed',
    setting: 'tokenAlgorithms',
    several: true,
  },
  { flag: '--token-header <NAME>', description: 'the header that holds the token', setting: 'tokenHeader' },
  { flag: '--token-prefix <WORD>', description: 'what stands before it; off: nothing', setting: 'tokenPrefix' },
  {
    flag: '--token-clock-tolerance-ms <MS>',
    description: 'how far clocks may differ',
    setting: 'tokenClockToleranceMs',
  },
  {
    flag: '--require-authentication',
    description: 'refuse requests without a token',
    setting: 'requireAuthentication',
    stands: 'true',
  },
  { flag: '--claim-roles <CLAIM>', description: 'a claim that holds roles', setting: 'claimsOfRoles', several: true },
  {
    flag: '--claim-scopes <CLAIM>',
    description: 'a claim that holds scopes',
    setting: 'claimsOfScopes',
    several: true,
  },
  {
    flag: '--claim-purposes <CLAIM>',
    description: 'a claim that holds purposes',
    setting: 'claimsOfPurposes',
    several: true,
  },
  {
    flag: '--claim-policies <CLAIM>',
    description: 'a claim that holds policies which are met',
    setting: 'claimsOfPolicies',
    several: true,
  },
  { flag: '--claim-kept <CLAIM>', description: 'another claim of the principal', setting: 'claimsKept', several: true },
  {
    flag: '--assertion-key <FILE>',
    description: 'the key by which subgraphs are told who asks',
    setting: 'assertionKey',
  },
  {
    flag: '--subgraph-asserted <NAME>',
    description: "a subgraph of others' that is told who asks",
    setting: 'subgraphAsserted',
    several: true,
  },
  { flag: '--rate-limit <N>', description: 'operations of one client in a window', setting: 'rateLimit' },
  { flag: '--rate-cost <N>', description: 'what they may cost together', setting: 'rateCost' },
  { flag: '--rate-window-ms <MS>', description: 'that window', setting: 'rateWindowMs' },
  { flag: '--trusted-proxies <N>', description: 'proxies that say whose address it is', setting: 'trustedProxies' },
]
