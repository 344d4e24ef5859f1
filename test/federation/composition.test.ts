// What the composition library accepts, or trips over, and we refuse: each rule as a mesh that is fine, one that breaks it, and what
// lies between. A problem names subgraph, line and coordinate.
import { describe, expect, test } from 'vitest'
import { composeSupergraph, formatProblems } from '../../gateway/compose/compose-supergraph.ts'
import { MESHES, type CheckedMesh } from './composition-meshes.ts'

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external", "@provides", "@shareable", "@override", "@interfaceObject", "@inaccessible"])`

/** `subgraph:line coordinate CODE`; the SDLs' own first line is line 1. */
function problemsOf(subgraphs: CheckedMesh['subgraphs']): string[] {
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({ name, sdl: `${LINK} ${sdl}` }))
  const composition = composeSupergraph(services)
  if (composition.kind === 'composed') return []
  return composition.problems.map(({ subgraphs: names, line, message, code }) => {
    const [coordinate = message] = message.match(/\b[A-Z]\w*\.\w+(\(\w+:\))?/) ?? []
    return `${names.join(',')}${line === undefined ? '' : `:${line}`} ${coordinate} ${code}`
  })
}

describe.each(Object.entries(MESHES))('%s', (_, meshes) => {
  test.each(Object.entries(meshes))('%s', (__, { subgraphs, problems }) => {
    expect(problemsOf(subgraphs)).toEqual(problems)
  })
})

test('a problem is a line that names subgraph, line, coordinate and what to do', () => {
  const box = 'type Box @key(fields: "id") {\n  id: ID!\n  size(unit: Int!): Int'
  const composition = composeSupergraph([
    { name: 'a', sdl: `${LINK}\ntype Query { box: Box }\n${box}\n}` },
    { name: 'b', sdl: `${LINK}\n${box} @external\n  cost: Int @requires(fields: "size")\n}` },
  ])
  expect(composition.kind === 'failed' && formatProblems(composition.problems)).toBe(
    'subgraph b:5: @requires(fields: "size") on Box.cost: Box.size needs its argument unit. Give it a value in the selection. (REQUIRES_INVALID_FIELDS)',
  )
})

test('what the library says gets its line too', () => {
  const composition = composeSupergraph([
    { name: 'a', sdl: `${LINK}\ntype Query { a: V }\ntype V {\n  x: Int\n}` },
    { name: 'b', sdl: `${LINK}\ntype Query { b: V }\ntype V {\n  x: Int\n}` },
  ])
  expect(composition.kind === 'failed' && formatProblems(composition.problems)).toBe(
    'subgraph a:4, b: Non-shareable field "V.x" is resolved from multiple subgraphs: it is resolved from subgraphs "a" and "b" and defined as non-shareable in all of them (INVALID_FIELD_SHARING)',
  )
})
