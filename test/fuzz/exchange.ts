// What is sent over one connection, byte by byte: whoever makes it decides on every byte.

export interface Exchange {
  /** What it is, for whoever reads a failure. */
  readonly kind: string
  /** Sent before the others, which wait until the server has said this, or nothing for a while. */
  readonly opening?: { readonly chunks: readonly Buffer[]; readonly until: string }
  /** Sent one after the other. */
  readonly chunks: readonly Buffer[]
  /** What the client does when it has sent everything: waits, closes its half, or resets the connection. Default: it waits. */
  readonly ends?: 'waits' | 'half-closes' | 'resets'
  /** Between two chunks. Default: none. */
  readonly pauseMs?: number
  /** Requests by HEAD are answered without a body. */
  readonly isHead?: boolean
}
