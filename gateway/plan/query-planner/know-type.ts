// Finds who tells an object's concrete type. An interface object does not know it: then the object is looked up as its interface, in a
// graph that has the types themselves.
import { attempt, DEAD_END, once, record, type Planning, type Site, type Source } from './planning.ts'
import { answers } from './resolvable.ts'
import { select, selectTypename } from './select.ts'
import { addFieldSource } from './sites.ts'
import { reach } from './reach.ts'

/** The source whose `__typename` is it, now asked for it. Throws DEAD_END. */
export function knowType(planning: Planning, site: Site): Source {
  const { typename } = site
  if (typename !== null) return typename
  const source = site.sources.find(tells) ?? once(planning, `${site.id} type`, () => findTeller(planning, site))
  selectTypename(planning, source)
  const teller = site
  teller.typename = source
  record(planning, () => void (teller.typename = null))
  return source
}

function tells(source: Source): boolean {
  return !source.isInterfaceObject && source.types === null
}

function findTeller(planning: Planning, site: Site): Source {
  const { types } = planning.supergraph
  const interfaces = new Set([
    site.abstractType ?? '',
    ...site.types.flatMap((type) => types.get(type)?.interfaces ?? []),
  ])
  for (const name of interfaces) {
    for (const [graph, inGraph] of types.get(name)?.graphs ?? []) {
      if (inGraph.isInterfaceObject || !site.types.every((type) => inGraph.possibleTypes.includes(type))) continue
      for (const key of inGraph.keys) {
        if (!key.resolvable) continue
        const way = { key, typename: name }
        const source = attempt(planning, () =>
          planning.lookUp(planning, { site, types: site.types, graph, way, requires: null }),
        )
        if (source !== null) return source
      }
    }
  }
  return attempt(planning, () => byParent(planning, site)) ?? fail()
}

function fail(): never {
  throw DEAD_END
}

/** The parent's field, asked where its types are known. */
function byParent(planning: Planning, site: Site): Source {
  const { parent, field, parentTypes } = site
  if (parent === null || field === null) throw DEAD_END
  if (parent.parent === null && parent.sources[0]?.request.operation !== 'query') throw DEAD_END
  for (const { id: graph } of planning.supergraph.graphs) {
    const answered = parentTypes.every((type) => answers(planning, graph, type, field)?.requires === null)
    if (!answered) continue
    const source = attempt(planning, () => {
      const [above, ...others] = reach(planning, { site: parent, types: parentTypes, graph, isExact: true })
      const selected =
        above === undefined || others.length > 0 ? [] : select(planning, above.source, parentTypes, field)
      const [only] = selected
      const added =
        only !== undefined && above !== undefined && selected.length === 1
          ? addFieldSource(planning, site, above.source, only.entry)
          : null
      return added !== null && tells(added) ? added : fail()
    })
    if (source !== null) return source
  }
  throw DEAD_END
}
