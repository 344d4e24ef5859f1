// A client as a frontend has it: GraphQL over HTTP, and graphql-transport-ws for subscriptions.
import { createClient, type FormattedExecutionResult } from 'graphql-ws'
import WebSocket from 'ws'

/** Data of a query that must succeed. */
export async function query<Data>(
  url: string,
  document: string,
  variables: Record<string, unknown> = {},
): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: document, variables }),
  })
  const body = (await response.json()) as { data?: Data; errors?: unknown }
  if (response.status !== 200 || body.errors !== undefined || body.data === undefined) {
    throw new Error(`HTTP ${response.status}: ${JSON.stringify(body.errors ?? body)}`)
  }
  return body.data
}

export interface Subscription {
  next(): Promise<FormattedExecutionResult<Record<string, unknown>, Record<string, unknown>>>
  close(): Promise<void>
}

export async function subscribe(
  url: string,
  document: string,
  variables: Record<string, unknown> = {},
): Promise<Subscription> {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
  })
  const events = client.iterate<Record<string, unknown>, Record<string, unknown>>({ query: document, variables })
  return {
    next: async () => {
      const result = await events.next()
      if (result.done === true) throw new Error('the subscription completed')
      return result.value
    },
    close: async () => {
      await events.return?.()
      await client.dispose()
    },
  }
}
