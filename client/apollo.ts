// meshgate/client/apollo: an Apollo Link (@apollo/client 4) for subscriptions over a client of meshgate/client.
import { ApolloLink, CombinedGraphQLErrors, Observable } from '@apollo/client'
import { print } from 'graphql'
import { asError, isErrorList } from './stream-failure.ts'
import type { SubscriptionClient } from './subscription-client.ts'
import type { SubscriptionOptions } from './subscription-options.ts'

export interface MeshgateLinkContext {
  /** In the context of an operation, under `meshgate`: options of its subscription, over those of the client. */
  readonly meshgate?: SubscriptionOptions & {
    /** Told when all rows of the snapshot have come. */
    readonly onSnapshotComplete?: () => void
  }
}

/**
 * A terminating link for subscriptions; put it behind `ApolloLink.split`. A snapshot is asked for by `extensions: { snapshot: true }` of the
 * subscription. Results have `extensions` as the gateway gives them: `key` says which entity a deleted one was. An end that the client cannot
 * go on after is an error: CombinedGraphQLErrors where it is the gateway's.
 */
export class MeshgateLink extends ApolloLink {
  readonly client: SubscriptionClient

  constructor(client: SubscriptionClient) {
    super()
    this.client = client
  }

  override request(operation: ApolloLink.Operation): Observable<ApolloLink.Result> {
    const { query, variables, operationName, extensions } = operation
    const { onSnapshotComplete, ...options } = (operation.getContext() as MeshgateLinkContext).meshgate ?? {}
    return new Observable((observer) =>
      this.client.subscribe(
        { query: print(query), variables, extensions, ...(operationName === undefined ? {} : { operationName }) },
        {
          next: (event) => {
            // It has no data, and a cache would take that for a result.
            if (event.extensions?.snapshotComplete === true) onSnapshotComplete?.()
            else observer.next(event as ApolloLink.Result)
          },
          error: (error) => {
            const failure = isErrorList(error) ? new CombinedGraphQLErrors({ errors: [...error] }) : asError(error)
            observer.error(failure)
          },
          complete: () => observer.complete(),
        },
        options,
      ),
    )
  }
}
