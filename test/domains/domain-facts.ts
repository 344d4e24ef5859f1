// The facts of every domain: a domain adds its list here.
import type { FactRule } from './fact-rule.ts'
import { salesFacts } from './sales-facts.ts'

interface DomainFacts {
  readonly domain: string
  readonly facts: readonly FactRule[]
}

export const domainFacts: readonly DomainFacts[] = [{ domain: 'sales', facts: salesFacts }]
