// Subscriptions as multipart/mixed with subscriptionSpec=1.0, as Apollo Client speaks it: one part per result in a `payload`, an empty object
// as heartbeat, `payload: null` with errors where the stream itself fails. A delimiter follows each part at once: it is what ends it.
import { resultText } from './result-text.ts'
import type { StreamFormat } from './stream-response.ts'

const BOUNDARY = 'graphql'

export const multipartFormat: StreamFormat = {
  contentType: `multipart/mixed;boundary="${BOUNDARY}";subscriptionSpec="1.0"`,
  opening: `\r\n--${BOUNDARY}`,
  keepAlive: part('{}'),
  closing: '--\r\n',
  result: (result) => part(`{"payload":${resultText(result)}}`),
  failure: (error) => part(JSON.stringify({ payload: null, errors: [error] })),
}

function part(json: string): string {
  return `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--${BOUNDARY}`
}
