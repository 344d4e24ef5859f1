// The text of the document that Apollo Server executes: what our engine keeps its plans by.
import { print, type DocumentNode } from 'graphql'

const texts = new WeakMap<DocumentNode, string>()

/**
 * Mostly the text that the client sent. Where the document was not parsed from it (a plugin has replaced it, a document store has its own)
 * the document counts, as it does for every other gateway: its text is printed, once.
 */
export function documentText(document: DocumentNode, source: string): string {
  if (document.loc?.source.body === source) return source
  const known = texts.get(document)
  if (known !== undefined) return known
  const text = print(document)
  texts.set(document, text)
  return text
}
