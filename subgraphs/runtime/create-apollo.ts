// Apollo Server as the runtime uses it: in-process and behind our own HTTP server, without its reporting, caching and landing pages.
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql'
import type { Clock } from '../../platform/ports/clock.ts'
import type { ErrorFormatter } from './format-error.ts'
import type { RequestContext } from './request-context.ts'
import type { SubgraphObserver } from './subgraph-observer.ts'

const quiet = (): void => undefined

export interface Observing {
  readonly observer: SubgraphObserver | undefined
  readonly clock: Clock
  /** Name of the subgraph. */
  readonly subgraph: string
}

export function codeOf({ extensions }: GraphQLFormattedError): string {
  const code = extensions?.['code']
  return typeof code === 'string' ? code : 'UNKNOWN'
}

/** None where nobody wants to know: a plugin costs every request. */
function observing({ observer, clock, subgraph }: Observing): ApolloServerPlugin<RequestContext>[] {
  const tell = observer?.request?.bind(observer)
  if (tell === undefined) return []
  return [
    {
      requestDidStart: async () => {
        const startedMs = clock.monotonic()
        return {
          willSendResponse: async ({ response }) => {
            const errors = response.body.kind === 'single' ? (response.body.singleResult.errors ?? []) : []
            const codes = errors.map(codeOf)
            tell({ subgraph, durationMs: clock.monotonic() - startedMs, codes })
          },
        }
      },
    },
  ]
}

/** Tells a gateway that knows us that the body is data as asked for and nothing else, so that it need not be read on its way to a client. */
const WHOLE_HEADER = 'meshgate-whole'

const markingWhole: ApolloServerPlugin<RequestContext> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ operation, response }) => {
      const { body, http } = response
      if (operation?.operation !== 'query' || body.kind !== 'single') return
      const { data, errors, extensions } = body.singleResult
      const isWhole = data !== undefined && data !== null && errors === undefined && extensions === undefined
      if (isWhole) http.headers.set(WHOLE_HEADER, '1')
    },
  }),
}

export function createApollo(
  schema: GraphQLSchema,
  formatError: ErrorFormatter,
  observed: Observing,
): ApolloServer<RequestContext> {
  const apollo = new ApolloServer<RequestContext>({
    schema,
    formatError,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    persistedQueries: false,
    // Failures are logged by formatError, once.
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ...observing(observed),
      markingWhole,
    ],
  })
  // The schema is at hand and no plugin starts anything: this can't fail, and the first request waits for it.
  apollo.startInBackgroundHandlingStartupErrorsByLoggingAndFailingAllRequests()
  return apollo
}
