// Whether the other side of a socket is still there. graphql-ws sends pings (`keepAlive`) and does not mind that no answer comes: a connection that
// a network has forgotten would stay silent for many minutes.

/** What is used of graphql-ws' client for it; with a client that lacks it nothing is watched. */
export interface PingedClient {
  /** `received`: by this side, else sent. */
  on?(event: 'ping' | 'pong', listener: (received: boolean) => void): () => void
  on?(event: 'closed', listener: () => void): () => void
  /** Ends the connection as if it had broken. */
  terminate?(): void
}

/** Terminates the connection where a ping has no pong in time. */
export function watchPongs(client: PingedClient, pongMsMax: number): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const answered = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  client.on?.('ping', (received) => {
    if (!received) timer ??= setTimeout(() => client.terminate?.(), pongMsMax)
  })
  client.on?.('pong', (received) => {
    if (received) answered()
  })
  client.on?.('closed', answered)
}
