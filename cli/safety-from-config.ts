// What the configuration says of how much requests may ask and what is shown, as the gateway takes it.
import type { GatewayOptions } from '../gateway/main.ts'
import type { SafetyConfig } from '../platform/safety-config.ts'

type Safety = Pick<
  GatewayOptions,
  'limits' | 'bodyBytesMax' | 'cost' | 'trustedDocuments' | 'persistedQueries' | 'introspection' | 'page'
>

/** `isOpen`: where nothing is said the schema and the page are shown, as for development. */
export function safetyFromConfig(config: SafetyConfig, isOpen: boolean): Safety {
  const { limits, bodyBytesMax, cost, trustedDocuments, persistedQueries, introspection, page } = config
  // The page is of no use without the schema.
  return {
    limits,
    bodyBytesMax,
    cost,
    ...(trustedDocuments === null ? {} : { trustedDocuments }),
    persistedQueries,
    introspection: introspection ?? page ?? isOpen,
    page: page ?? isOpen,
  }
}
