// The fast way to the response: generated code that writes its JSON straight from the sources. It knows no errors: where anything is not as
// it should be it gives up, and the projector makes the response with care.
import type { GraphQLSchema } from 'graphql'
import { limits } from '../../platform/limits.ts'
import type { Plan, ResponseObject } from '../plan/plan.ts'
import type { Gathering } from './gathering.ts'
import { anyText, booleanText, floatText, idText, intText, quote } from './json-text.ts'
import type { DataObject } from './plain-object.ts'
import { analyseNeeds } from './response-needs.ts'
import { WriterGenerator } from './writer-source.ts'

export type WriteResponse = (gathering: Gathering, introspection: DataObject) => string | undefined

type GeneratedWriter = (
  roots: Gathering['roots'],
  introspection: DataObject,
  isShared: (link: number) => boolean,
  isClean: boolean,
) => string | undefined

export function compileWriter(plan: Plan, schema: GraphQLSchema): WriteResponse {
  let writer: GeneratedWriter | null | undefined
  let uses = 0
  return (gathering, introspection) => {
    if (writer === undefined) {
      // Most operations that are asked once are never asked again: generating code pays from the second time on.
      if (++uses < 2) return undefined
      writer = generateWriter(plan, schema)
    }
    if (writer === null) return undefined
    const { roots, asked, isClean } = gathering
    return writer(roots, introspection, (link) => asked[link]?.isShared === true, isClean)
  }
}

const TEXT = {
  id: idText,
  int: intText,
  float: floatText,
  boolean: booleanText,
  any: anyText,
  quote,
  flat,
}

/** Null where it would be too large, or code may not be generated in this process. */
function generateWriter(plan: Plan, schema: GraphQLSchema): GeneratedWriter | null {
  if (countFields(plan.response) > limits.writtenFieldsMax) return null
  const { text, constants } = new WriterGenerator(plan, schema, analyseNeeds(plan)).generate()
  const names = constants.map((_, index) => `c${index}`)
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- the source is ours: clients' names are in it as JSON strings only
    const create = new Function('text', ...names, text) as (...values: unknown[]) => GeneratedWriter
    return create(TEXT, ...constants)
  } catch (error) {
    if (error instanceof EvalError) return null
    throw error
  }
}

function countFields({ fields }: ResponseObject): number {
  return fields.reduce((sum, field) => sum + 1 + (field.kind === 'object' ? countFields(field.child) : 0), 0)
}

/** A text built by concatenation is a tree: brought into one piece once, it is copied fast wherever it goes. */
function flat(text: string): string {
  Number(text)
  return text
}
