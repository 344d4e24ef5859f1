// A gateway that the bench measures: how it is started for a setup. It runs pinned to one core, everything else on the others.

/** As `--share` of `meshgate gateway` has them. */
export type Sharing = 'none' | 'subgraph-requests' | 'requests'

export interface GatewaySetup {
  /** File of the supergraph. */
  readonly supergraph: string
  readonly port: number
  readonly sharing: Sharing
  /** Header of clients that subgraphs see. */
  readonly forwardHeader: string | null
  /** The process itself does the work, no child of it. */
  readonly isProfiled: boolean
}

export interface GatewayCommand {
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

export interface GatewayUnderTest {
  readonly name: string
  readonly title: string
  readonly path: string
  /** Installed apart. */
  readonly isPeer: boolean
  /** What it can share. */
  readonly sharings: readonly Sharing[]
  /** Arguments of `node`. */
  command(setup: GatewaySetup): GatewayCommand
}
