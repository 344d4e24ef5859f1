// The facts of every domain: a domain adds its list here.
import { catalogFacts } from './catalog-facts.ts'
import { customersFacts } from './customers-facts.ts'
import { exampleFacts } from './example-facts.ts'
import type { FactRule } from './fact-rule.ts'
import { financeFacts } from './finance-facts.ts'
import { inventoryFacts } from './inventory-facts.ts'
import { marketingFacts } from './marketing-facts.ts'
import { promotionFacts } from './promotion-facts.ts'
import { qualityFacts } from './quality-facts.ts'
import { salesFacts } from './sales-facts.ts'
import { salesLiveFacts } from './sales-live-facts.ts'
import { sentimentFacts } from './sentiment-facts.ts'
import { shippingFacts } from './shipping-facts.ts'
import { supportFacts } from './support-facts.ts'
import { supportLoadFacts } from './support-load-facts.ts'
import { telemetryFacts } from './telemetry-facts.ts'

export interface DomainFacts {
  readonly domain: string
  readonly facts: readonly FactRule[]
}

export const domainFacts: readonly DomainFacts[] = [
  { domain: 'the mesh', facts: qualityFacts },
  { domain: 'the page', facts: exampleFacts },
  { domain: 'customers', facts: customersFacts },
  { domain: 'catalog', facts: catalogFacts },
  { domain: 'sales', facts: salesFacts },
  { domain: 'inventory', facts: inventoryFacts },
  { domain: 'shipping', facts: shippingFacts },
  { domain: 'finance', facts: financeFacts },
  { domain: 'marketing', facts: [...marketingFacts, ...promotionFacts, ...sentimentFacts] },
  { domain: 'support', facts: [...supportFacts, ...supportLoadFacts] },
  { domain: 'telemetry', facts: telemetryFacts },
  // What is derived from their order elsewhere need not be waited for: nothing comes behind them.
  { domain: 'sales, live', facts: salesLiveFacts },
]
