// The options of `meshgate gateway` that stand for a setting each. One list: what an option means is said by its setting.
import { CSRF_OFF, SHARINGS, type GATEWAY_SETTINGS } from '../platform/gateway-settings.ts'
import { TRUST_MODES } from '../platform/safety-settings.ts'

export interface SettingOption {
  readonly setting: keyof typeof GATEWAY_SETTINGS
  readonly flag: string
  readonly description: string
  /** What an option without a value says. */
  readonly stands?: string
  /** May be given several times. */
  readonly several?: true
}

function option(
  setting: SettingOption['setting'],
  flag: string,
  description: string,
  more: Pick<SettingOption, 'stands' | 'several'> = {},
): SettingOption {
  return { setting, flag, description, ...more }
}

export const SETTING_OPTIONS: readonly SettingOption[] = [
  option('workers', '--workers <N>', 'processes to run in, each with one core; `auto`: one per core'),
  option('share', '--share <LEVEL>', `what requests in flight share: ${SHARINGS.join(', ')}`),
  option('forwardHeaders', '--forward-header <NAME>', "a client's header that subgraphs see", { several: true }),
  option('batchMax', '--batch-max <N>', 'operations that one request may hold'),
  option('allowedHosts', '--allowed-host <NAME>', 'a name by which it may be asked, or *', { several: true }),
  option('corsOrigins', '--cors-origin <ORIGIN>', 'an origin whose pages may ask, or *', { several: true }),
  option('corsCredentials', '--cors-credentials', "they may ask with their visitor's cookies", { stands: 'true' }),
  option('csrfHeaders', '--csrf-header <NAME>', "a header that another site's page cannot send", { several: true }),
  option('csrfHeaders', '--no-csrf', "answer what another site's page can send", { stands: CSRF_OFF }),
  option('compression', '--no-compression', 'answer uncompressed', { stands: 'false' }),
  option('exposeErrors', '--expose-errors', 'show clients unforeseen errors of subgraphs', { stands: 'true' }),
  option('subgraphUrls', '--subgraph-url <NAME=URL>', 'where a subgraph is reached', { several: true }),
  option('subgraphTimeouts', '--subgraph-timeout <NAME=MS>', 'how long a subgraph may take', { several: true }),
  option('subgraphHttp2', '--subgraph-http2 <NAME>', 'ask a subgraph over HTTP/2', { several: true }),
  option('subgraphSse', '--subgraph-sse <NAME>', 'take subscriptions of a subgraph as Server-Sent Events', {
    several: true,
  }),
  option('subgraphSubscriptionUrls', '--subgraph-subscription-url <NAME=URL>', 'where subscriptions of a subgraph go', {
    several: true,
  }),
  option('subgraphOurs', '--subgraph-ours <NAME>', 'a subgraph that `meshgate subgraph` serves', { several: true }),

  // Who may ask, and how often.
  option(
    'tokenIssuers',
    '--token-issuer <ISSUER=KEYS>',
    'whose tokens are believed, and the URL or file of its public keys (JWKS)',
    { several: true },
  ),
  option('tokenAudiences', '--token-audience <NAME>', 'whom tokens must be for', { several: true }),
  option('tokenAlgorithms', '--token-algorithm <NAME>', 'how tokens may be signed', { several: true }),
  option('tokenHeader', '--token-header <NAME>', 'the header that holds the token'),
  option('tokenPrefix', '--token-prefix <WORD>', 'what stands before it; off: nothing'),
  option('tokenClockToleranceMs', '--token-clock-tolerance-ms <MS>', 'how far clocks may differ'),
  option('requireAuthentication', '--require-authentication', 'refuse requests without a token', { stands: 'true' }),
  option('claimsOfRoles', '--claim-roles <CLAIM>', 'a claim that holds roles', { several: true }),
  option('claimsOfScopes', '--claim-scopes <CLAIM>', 'a claim that holds scopes', { several: true }),
  option('claimsOfPurposes', '--claim-purposes <CLAIM>', 'a claim that holds purposes', { several: true }),
  option('claimsOfPolicies', '--claim-policies <CLAIM>', 'a claim that holds policies which are met', {
    several: true,
  }),
  option('claimsKept', '--claim-kept <CLAIM>', 'another claim of the principal', { several: true }),
  option('assertionKey', '--assertion-key <FILE>', 'the key by which subgraphs are told who asks'),
  option('subgraphAsserted', '--subgraph-asserted <NAME>', "a subgraph of others' that is told who asks", {
    several: true,
  }),
  option('rateLimit', '--rate-limit <N>', 'operations of one client in a window'),
  option('rateCost', '--rate-cost <N>', 'what they may cost together'),
  option('rateWindowMs', '--rate-window-ms <MS>', 'that window'),
  option('trustedProxies', '--trusted-proxies <N>', 'proxies that say whose address it is'),
  option('tokenFailures', '--token-failures <N>', 'tokens that one address may get wrong in a minute'),
  option('sockets', '--sockets <N>', 'WebSockets of one process'),
  option('socketsPerClient', '--sockets-per-client <N>', 'WebSockets of one client'),
  option('subscriptionsPerClient', '--subscriptions-per-client <N>', 'subscriptions of one client'),
  option('subscriptionsPerSocket', '--subscriptions-per-socket <N>', 'operations at once on one WebSocket'),

  // How much a request may ask, and what is shown.
  option('introspection', '--introspection', 'let clients read the schema', { stands: 'true' }),
  option('page', '--page', 'serve the page at /', { stands: 'true' }),
  option('trustedDocuments', '--trusted-documents <FILE>', 'documents that clients name by their ids'),
  option('trustedDocumentsMode', '--trusted-documents-mode <MODE>', `what else is answered: ${TRUST_MODES.join(', ')}`),
  option('persistedQueries', '--no-persisted-queries', 'no automatic persisted queries', { stands: 'false' }),
  option('costMax', '--cost-max <N>', 'what one operation may cost; 0: any'),
  option('costListSize', '--cost-list-size <N>', 'elements that a cost assumes of a list'),
  option('costTell', '--cost-tell', 'answers say what they were estimated to cost', { stands: 'true' }),
  option('limitTokens', '--limit-tokens <N>', 'tokens of a document'),
  option('limitDepth', '--limit-depth <N>', 'fields inside one another'),
  option('limitAliases', '--limit-aliases <N>', 'aliases of an operation'),
  option('limitSelections', '--limit-selections <N>', 'fields and fragments of an operation'),
  option('limitRootFields', '--limit-root-fields <N>', 'fields of the root'),
  option('limitFragments', '--limit-fragments <N>', 'fragments of a document'),
  option('limitDirectives', '--limit-directives <N>', 'directives of a document'),
  option('limitListSize', '--limit-list-size <N>', 'elements of a list in an argument or a variable'),
  option('limitBodyBytes', '--limit-body-bytes <N>', 'bytes of a request'),
]
