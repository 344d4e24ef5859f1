// Who answers for the gateway: the planner with the naive executor, or the whole engine.
import { parse } from 'graphql'
import { createEngine } from '../../../gateway/engine.ts'
import { createHivePlanner } from '../../../gateway/plan/hive-planner.ts'
import type { Answerer } from './fuzz-case.ts'

export const throughEngine: Answerer = (mesh) => {
  const engine = createEngine({
    supergraphSdl: mesh.supergraphSdl,
    endpoints: mesh.running.endpoints,
    planner: createHivePlanner(mesh.supergraphSdl),
  })
  return ({ query, variables }) => engine.execute({ query, variables })
}
void parse
