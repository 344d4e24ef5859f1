// The examples of the page are what a newcomer asks first: each must have an answer.
import { expect } from 'vitest'
import { sampleQueries } from '../../cli/sample-queries.ts'
import type { FactRule } from './fact-rule.ts'

const questions = sampleQueries.filter(({ query }) => !/^subscription /m.test(query))

/** Whether a list is empty, or a value missing, at the top of an answer. */
function isEmpty(value: unknown): boolean {
  if (value === null) return true
  if (typeof value !== 'object') return false
  const { nodes } = value as { readonly nodes?: readonly unknown[] }
  return nodes !== undefined && nodes.length === 0
}

export const exampleFacts: readonly FactRule[] = questions.map(({ name, query, variables = {} }) => ({
  title: `the page's example "${name}" is answered, and no part of the answer is empty`,
  check: async (mesh) => {
    const data = await mesh.query<Record<string, unknown>>(query, variables)
    const empty = Object.entries(data).flatMap(([field, value]) => (isEmpty(value) ? [field] : []))
    expect(empty).toEqual([])
  },
}))
