// Requests go to replicas in one data centre, those of the token first. Which one, if it is not given, is learned from the first contact
// point reached: the driver itself asks for a name.
import {
  policies,
  type Client,
  type EmptyCallback,
  type ExecutionOptions,
  type Host,
  type HostMap,
  type types,
} from 'cassandra-driver'
import { invariant } from '../../errors.ts'

const { DCAwareRoundRobinPolicy, LoadBalancingPolicy, TokenAwarePolicy } = policies.loadBalancing

export class DataCenterPolicy extends LoadBalancingPolicy {
  #dataCenter: string | undefined
  #policy: policies.loadBalancing.LoadBalancingPolicy | null = null

  constructor(dataCenter: string | undefined) {
    super()
    this.#dataCenter = dataCenter
  }

  /** Known once the client is connected. */
  get dataCenter(): string {
    invariant(this.#dataCenter !== undefined, 'the data centre is known once the client is connected')
    return this.#dataCenter
  }

  override init(client: Client, hosts: HostMap, callback: EmptyCallback): void {
    // The driver puts the contact point that answered first, then its peers.
    this.#dataCenter ??= hosts.values()[0]?.datacenter
    this.#policy = new TokenAwarePolicy(new DCAwareRoundRobinPolicy(this.dataCenter))
    this.#policy.init(client, hosts, callback)
  }

  override getDistance(host: Host): types.distance {
    return this.#inner().getDistance(host)
  }

  override newQueryPlan(
    keyspace: string,
    executionOptions: ExecutionOptions,
    callback: (error: Error, iterator: Iterator<Host>) => void,
  ): void {
    this.#inner().newQueryPlan(keyspace, executionOptions, callback)
  }

  #inner(): policies.loadBalancing.LoadBalancingPolicy {
    invariant(this.#policy !== null, 'a policy is used once it is initialised')
    return this.#policy
  }
}
