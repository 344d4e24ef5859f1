// Who asks. The gateway makes it from credentials and passes it on; policies decide by it.

export interface Principal {
  readonly subject: string
  /** Whose word it is: a subject is somebody only together with it. Absent where there is but one who could have said it. */
  readonly issuer?: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly purposes: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  /** Policies (@policy) that the configured claims say are met; absent: none. */
  readonly policies?: readonly string[]
}

/** Nobody in particular: whoever is this very object has shown no credentials. */
export const ANONYMOUS: Principal = { subject: 'anonymous', roles: [], scopes: [], purposes: [], claims: {} }
