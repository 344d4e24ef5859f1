// The bounds of who may ask: tokens, their keys, and how often one client may ask, with their reasons. `limits` (limits.ts) holds them with all
// others.

export const identityLimits = {
  // Identity: tokens
  /** Characters of a token: with a hundred scopes it has some 4,000, and a header may have 16 KB in all. */
  tokenCharactersMax: 12_288,
  /** Verified tokens kept, and their characters: so many clients ask by turns without a signature being checked twice; 16 MB. */
  tokensKeptMax: 10_000,
  tokensKeptCharactersMax: 16_777_216,
  /** How far the clocks of issuer and gateway may differ: more than synchronised ones ever do. */
  tokenClockToleranceMs: 5_000,
  /** Age at which an issuer's keys are read again, in the background: a key that was taken out is out of force by then. */
  tokenKeysAgeMsMax: 600_000,
  /** Between two readings of an issuer's keys: tokens that name unknown keys are free to make. */
  tokenKeysCooldownMs: 10_000,
  /** The same as long as there are none: whoever has them may just be starting. */
  tokenKeysFirstCooldownMs: 1_000,
  /** Reading an issuer's keys: requests with its tokens wait for it where there are none yet. */
  tokenKeysTimeoutMs: 5_000,
  /** Bytes of an issuer's keys: a hundred keys with certificates. */
  tokenKeysBytesMax: 1_048_576,
  /** What setTimeout takes (2^31 - 1): a later end is looked at again then. */
  timerMsMax: 2_147_483_647,

  // Identity: access to fields
  /** Fields of one operation that are told to be closed: who has asked for more knows by then, and the errors are kept with the document. */
  deniedFieldsToldMax: 100,

  // Identity: assertions to subgraphs
  /** How long an assertion is good: for a request and its repetition, not for whoever has found it in a log. Whole seconds. */
  assertionMs: 60_000,
  /** Left of it when another is signed: a request takes less. */
  assertionRenewedBeforeMs: 35_000,
  /** Between two looks whether what is asserted on open streams has to be renewed: three of them in what is left then. */
  assertionLookMs: 10_000,

  // Identity: rate limit
  /** Tokens that one address may get wrong in a minute, each a signature to check (0.1 ms): a team behind one address whose tokens have all expired, and 1 % of a core. */
  tokenFailuresMax: 300,
  tokenFailuresWindowMs: 60_000,
  /** Clients whose operations are counted: some 20 MB. Whoever was not seen for as long as so many others came begins anew. */
  rateBucketsMax: 100_000,

  // Identity: connections
  /** WebSockets of one process: twice the clients that one is measured with. */
  socketsMax: 20_000,
  /** WebSockets of one client (a token's subject, else an address): tabs, devices, or an office behind one address. */
  socketsPerClientMax: 1_000,
  /** Subscriptions of one client, over HTTP and WebSockets. */
  subscriptionsPerClientMax: 5_000,
} as const
