// One object selected twice in one request, under two keys of the client or for a representation too, is asked once where that is harmless:
// where a field of the one that fails cannot take the other's object with it.
import type { Entry, Selection } from './planning.ts'

export function mergeEntries(selection: Selection): void {
  const kept: Entry[] = []
  for (const entry of selection.entries) {
    const same = entry.child === null ? undefined : kept.find((each) => isSame(each, entry) && isSafe(each, entry))
    if (same === undefined) kept.push(entry)
    else mergeEntry(entry, same)
  }
  if (kept.length < selection.entries.length) selection.entries.splice(0, selection.entries.length, ...kept)
  for (const { child } of kept) if (child !== null) mergeEntries(child)
}

export function mergeSelection(from: Selection, into: Selection): void {
  from.mergedInto = into
  for (const entry of from.entries) {
    const same = into.entries.find((each) => isSame(each, entry) && (isOneKey(each, entry) || isSafe(each, entry)))
    if (same === undefined) into.entries.push(entry)
    else mergeEntry(entry, same)
  }
}

function mergeEntry(from: Entry, into: Entry): void {
  from.mergedInto = into
  into.clientKey ??= from.clientKey
  if (from.child !== null && into.child !== null) mergeSelection(from.child, into.child)
}

/** The same field, for the same types. */
function isSame(a: Entry, b: Entry): boolean {
  if (a.name !== b.name || a.arguments !== b.arguments || a.shape !== b.shape) return false
  const { types } = a
  if (types === null || b.types === null) return types === b.types
  return types.length === b.types.length && types.every((type) => b.types?.includes(type))
}

/** They get one response key in any case. */
function isOneKey(a: Entry, b: Entry): boolean {
  return a.child === null || (a.clientKey === b.clientKey && a.onlyOf === b.onlyOf)
}

function isSafe({ child: a }: Entry, { child: b }: Entry): boolean {
  if (a === null || b === null) return a === b
  return a.entries.every((entry) => isMatched(entry, b)) && b.entries.every((entry) => isMatched(entry, a))
}

function isMatched(entry: Entry, other: Selection): boolean {
  const same = other.entries.filter((each) => isSame(each, entry))
  if (same.length > 0) return same.some((each) => isSafe(entry, each))
  return entry.isHarmless && (entry.child === null || entry.child.entries.every((each) => isMatched(each, EMPTY)))
}

const EMPTY: Selection = { graph: 0, statics: [], entries: [], index: new Map(), mergedInto: null }
