// One execution of a compiled query: what it was asked with, values that are not there yet, and errors with the nulls that they make, as
// the GraphQL specification has it (section 6.4.4). It ends once, when nothing is awaited any more.
import { locatedError, type FieldNode, type GraphQLError } from 'graphql'
import type { RequestContext } from '../request-context.ts'
import type { Arguments } from './compile-arguments.ts'

export type Holder = Record<string | number, unknown>

/** Where a value goes: a field of an object or an item of a list. */
export interface Place {
  /** Of the object or list that holds it; null for the operation's own fields. */
  readonly above: Place | null
  readonly holder: Holder
  readonly key: string | number
  readonly nullable: boolean
  /** By an error below: what else goes wrong there is nobody's concern. */
  isNull?: true
}

/** Puts a value where it goes, or throws what is wrong with it. */
export type Complete = (value: unknown, at: Place, run: Execution) => void

export class Execution {
  readonly context: RequestContext
  readonly variables: Readonly<Record<string, unknown>>
  /** By field of the query: worked out once, whatever the number of objects. */
  readonly args: (Arguments | undefined)[] = []
  readonly errors: GraphQLError[] = []
  /** An error that nothing between it and the root could take. */
  isNull = false
  /** How often an error made null of more than its own value. */
  spread = 0
  #awaited = 1
  readonly #ended: (run: Execution) => void

  constructor(context: RequestContext, variables: Readonly<Record<string, unknown>>, ended: (run: Execution) => void) {
    this.context = context
    this.variables = variables
    this.#ended = ended
  }

  /** Completes the value as soon as it is there. */
  wait(promise: Promise<unknown>, at: Place, nodes: readonly FieldNode[], complete: Complete): void {
    // Keys stand in the order of the query, whatever the order in which their values come.
    at.holder[at.key] = undefined
    this.#awaited += 1
    promise.then(
      (value) => {
        this.complete(value, at, nodes, complete)
        this.settle()
      },
      (error: unknown) => {
        this.fail(error, at, nodes)
        this.settle()
      },
    )
  }

  complete(value: unknown, at: Place, nodes: readonly FieldNode[], complete: Complete): void {
    if (value instanceof Promise) {
      this.wait(value, at, nodes, complete)
      return
    }
    try {
      complete(value, at, this)
    } catch (error) {
      this.fail(error, at, nodes)
    }
  }

  /** What was awaited is there, or all that need not be awaited is done. */
  settle(): void {
    this.#awaited -= 1
    if (this.#awaited === 0) this.#ended(this)
  }

  /** Takes the error, and makes null of the value or of the nearest thing around it that may be null. */
  fail(error: unknown, at: Place, nodes: readonly FieldNode[]): void {
    if (this.isGivenUp(at)) return
    this.errors.push(locatedError(error, nodes, pathOf(at)))
    let place: Place | null = at
    while (place !== null && !place.nullable) place = place.above
    if (place !== at) this.spread += 1
    if (place === null) {
      this.isNull = true
      return
    }
    place.isNull = true
    place.holder[place.key] = null
  }

  /** Whether an error has made null of the place or of something around it. */
  isGivenUp(at: Place | null): boolean {
    for (let place = at; place !== null; place = place.above) if (place.isNull === true) return true
    return this.isNull
  }
}

function pathOf(at: Place): (string | number)[] {
  const path: (string | number)[] = []
  for (let place: Place | null = at; place !== null; place = place.above) path.push(place.key)
  return path.toReversed()
}
