// What a mode of the bench is, and the figures that it gives of one gateway in one round.
import type { Sharing } from '../gateways/gateway-under-test.ts'
import type { LoadGroup } from '../load/connection-load.ts'
import type { MeshName } from '../mesh/subgraphs.ts'

export interface ModeSetup {
  readonly name: string
  readonly title: string
  readonly mesh: MeshName
  readonly sharing: Sharing
  readonly subgraphLatencyMs: number
  /** A different one with every request; subgraphs insist on it. */
  readonly authorization: boolean
  /** Whether the constant answer is measured too. */
  readonly floor: boolean
}

export type Mode =
  | (ModeSetup & {
      readonly kind: 'load'
      /** Null: the group itself. */
      readonly warmUp: readonly LoadGroup[] | null
      readonly group: LoadGroup
      /** How many windows' time it takes to see something; default 1. */
      readonly windows?: number
    })
  | (ModeSetup & { readonly kind: 'cold-start'; readonly query: string; readonly expected: string })
  /** The ordinary group alone, then beside the other. */
  | (ModeSetup & {
      readonly kind: 'beside'
      readonly ordinary: LoadGroup
      readonly other: LoadGroup
      readonly windows?: number
    })
  /** Ours alone: appends to the embedded log, alone, then beside the operations. */
  | (ModeSetup & { readonly kind: 'appends' })

export type Figures = Readonly<Record<string, number>>

export interface Round {
  readonly figures: Figures
  /** Beginning of a wrong answer. */
  readonly sample: string | null
}
