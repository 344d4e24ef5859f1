// meshgate/client: subscriptions that lose nothing when the connection does. Runs in browsers and in Node, and needs no package: graphql-ws is
// the caller's. The Apollo Link is `meshgate/client/apollo`.
export type { CursorStorage } from './cursor-saver.ts'
export { resumeOverEventStream, type EventStreamOptions } from './resume-over-event-stream.ts'
export { resumeOverSocket, type SocketClient, type SocketOptions } from './resume-over-socket.ts'
export { HttpFailure, SubscriptionFailure } from './stream-failure.ts'
export type {
  EventExtensions,
  EventSink,
  StreamError,
  StreamEvent,
  SubscriptionRequest,
  Unsubscribe,
} from './stream-types.ts'
export type { SubscriptionClient } from './subscription-client.ts'
export type { AfterGap, Gap, SubscriptionOptions } from './subscription-options.ts'
