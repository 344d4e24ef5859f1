// One input row while a batch looks at it: what was kept of it, what it contributes to now, and what of both must be kept and said.
import type { Row } from '../../schema/row.ts'
import type { ContributionList } from './contributions.ts'
import type { KeptInput } from './input-rows.ts'

export interface Contributing {
  /** Index in `CompiledFold.reads`. */
  readonly read: number
  /** Index in `CompiledFold.inputs`. */
  readonly input: number
  readonly keyText: string
  readonly member: string
  kept: KeptInput | null
  /** Null: there is none, or none that is visible. */
  row: Row | null
  /** Texts of joined rows. */
  references: Set<string>
  /** By group text; `text` is JSON of the contributions. */
  groups: ReadonlyMap<string, { readonly group: { readonly text: string; readonly row: Row }; readonly text: string }>
}

/**
 * What must be kept before anything is said: all that was and all that is. Null where it is, written under this epoch: what an owner
 * before wrote, its own late writes may still replace.
 */
export function keptMore({ kept, groups, references }: Contributing, epoch: number): KeptInput | null {
  if (kept === null) {
    if (groups.size === 0 && references.size === 0) return null
    return { epoch, groups: [...groups.keys()], references: [...references] }
  }
  const allGroups = union(kept.groups, groups)
  const allReferences = union(kept.references, references)
  if (kept.epoch === epoch && allGroups === kept.groups && allReferences === kept.references) return null
  return { epoch, groups: allGroups, references: allReferences }
}

/** Says what the row contributes to groups, and that it contributes nothing to those that it did. */
export function contributed({ kept, groups, member }: Contributing, list: ContributionList): void {
  const before = kept === null ? null : lookup(kept.groups)
  for (const [name, { group, text }] of groups) {
    list.add(group, member, { isNew: before === null || !before(name), text })
  }
  for (const name of kept?.groups ?? []) if (!groups.has(name)) list.addNone(name, member)
}

/** References that were kept and are not used any more; null where nothing was left, no group either. */
export function left({ kept, groups, references }: Contributing): { readonly references: readonly string[] } | null {
  if (kept === null) return null
  const unused = kept.references.filter((text) => !references.has(text))
  if (unused.length === 0 && kept.groups.every((name) => groups.has(name))) return null
  return { references: unused }
}

/** The first list itself where it has everything. */
function union(first: readonly string[], more: { keys(): Iterable<string> }): readonly string[] {
  const has = lookup(first)
  const added = [...more.keys()].filter((text) => !has(text))
  return added.length === 0 ? first : [...first, ...added]
}

const FEW = 16

/** Lists are mostly of one or two. */
function lookup(texts: readonly string[]): (text: string) => boolean {
  if (texts.length <= FEW) return (text) => texts.includes(text)
  const set = new Set(texts)
  return (text) => set.has(text)
}
