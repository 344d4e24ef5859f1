// Apollo Server as the runtime uses it: in-process and behind our own HTTP server, without its reporting, caching and landing pages.
import { ApolloServer } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import type { GraphQLSchema } from 'graphql'
import type { ErrorFormatter } from './format-error.ts'
import type { RequestContext } from './request-context.ts'

const quiet = (): void => undefined

export function createApollo(schema: GraphQLSchema, formatError: ErrorFormatter): ApolloServer<RequestContext> {
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
    ],
  })
  // The schema is at hand and no plugin starts anything: this can't fail, and the first request waits for it.
  apollo.startInBackgroundHandlingStartupErrorsByLoggingAndFailingAllRequests()
  return apollo
}
