// How far requests in flight are shared: the setting that trades freshness for load. Mutations are never shared, whatever it says.

/**
 * - `none`: nothing is.
 * - `fresh`: a subgraph request is joined only where it was sent after the joining client's request arrived. No answer is older than that.
 * - `subgraph-requests`: any equal subgraph request in flight is joined. An answer may have been read before the client asked.
 * - `requests`: as well as these, clients whose queries are equal in everything that may change the answer get one whole response.
 */
export type Sharing = 'none' | 'fresh' | 'subgraph-requests' | 'requests'
