// Who asks. The gateway makes it from credentials and passes it on; policies (later) decide by it.

export interface Principal {
  readonly subject: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly purposes: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
}

/** Nobody in particular. */
export const ANONYMOUS: Principal = { subject: 'anonymous', roles: [], scopes: [], purposes: [], claims: {} }
