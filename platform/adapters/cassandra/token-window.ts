// Windows of tokens: how wide one has to be for the rows wanted, by what was seen of the table before; and which failures a narrower one mends.
import { errors, types } from 'cassandra-driver'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { CqlTable } from './cql-table.ts'

/** Murmur3 tokens: no partition has the least one. */
export const TOKEN_MIN = -(2n ** 63n)
export const TOKEN_MAX = 2n ** 63n - 1n

export interface TokenWindow {
  /** Exclusive. */
  readonly above: bigint
  readonly upTo: bigint
}

/** Tokens per row by table and what is walked through: a guess that only costs time where it is wrong. */
const densities = new WeakMap<CqlTable, Map<string, number>>()

export interface WindowGuess {
  /** Tokens that probably hold the rows; the whole ring where nothing is known. */
  tokensFor(rows: number): bigint
  saw(window: TokenWindow, rows: number): void
}

export function windowGuess(table: CqlTable, name: string): WindowGuess {
  const ofTable = densities.get(table) ?? new Map<string, number>()
  densities.set(table, ofTable)
  return {
    tokensFor(rows) {
      const tokensPerRow = ofTable.get(name)
      if (tokensPerRow === undefined) return TOKEN_MAX - TOKEN_MIN
      return BigInt(Math.ceil(Math.min(tokensPerRow * rows, Number(TOKEN_MAX - TOKEN_MIN))))
    },
    saw({ above, upTo }, rows) {
      if (rows > 0) ofTable.set(name, Number(upTo - above) / rows)
    },
  }
}

/** Whether the servers gave up on a window that a narrower one gets through: too many dead rows, or too long. */
export function isTooWide(error: unknown): boolean {
  if (!(error instanceof MeshgateError) || !(error.cause instanceof errors.ResponseError)) return false
  const { readFailure, readTimeout } = types.responseErrorCodes
  return error.cause.code === readFailure || error.cause.code === readTimeout
}

export function narrower(width: bigint): bigint {
  const narrowed = width / BigInt(limits.storeWindowGrowth)
  return narrowed > 0n ? narrowed : 1n
}

export function wider(width: bigint): bigint {
  return width * BigInt(limits.storeWindowGrowth)
}
